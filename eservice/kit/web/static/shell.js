// Comforts on top of pages that work without scripts: busy buttons, dialogs, menus, the offline strip, toasts.
(() => {
  "use strict";

  // A form sent once stays sent: its button says so and a second tap does nothing.
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (event.defaultPrevented || !button?.matches(".button")) return;
    if (button.getAttribute("aria-busy") === "true") {
      event.preventDefault();
      return;
    }
    button.setAttribute("aria-busy", "true");
  });
  const rest = (root) => root.querySelectorAll('.button[aria-busy="true"]').forEach((button) => button.removeAttribute("aria-busy"));
  // The browser may bring the page back from its memory, or htmx may keep the form on it.
  window.addEventListener("pageshow", (event) => event.persisted && rest(document));
  document.addEventListener("htmx:finally:request", () => rest(document));

  // Copies the field that a button names. Pages without TLS have no clipboard, only the old way.
  async function copy(button) {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      if (!document.execCommand("copy")) return;
    }
    button.querySelector("span").textContent = button.dataset.copied;
  }
  document.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });

  document.addEventListener("click", (event) => {
    const target = event.target;
    const opener = target.closest("[data-open-dialog]");
    if (opener) document.getElementById(opener.dataset.openDialog)?.showModal();
    if (target.closest("[data-close-dialog]")) target.closest("dialog")?.close();
    if (target.closest("[data-print]")) window.print();
    const copier = target.closest("[data-copy]");
    if (copier) copy(copier);
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
      if (!menu.contains(target)) menu.open = false;
    });
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  const strip = document.querySelector("[data-offline-strip]");
  const showLine = () => strip?.classList.toggle("is-shown", !navigator.onLine);
  window.addEventListener("online", showLine);
  window.addEventListener("offline", showLine);
  showLine();

  // The server says HX-Trigger: {"toast": "บันทึกแล้ว 10.47 น."}
  document.addEventListener("toast", (event) => {
    const words = event.detail?.value ?? event.detail;
    const toasts = document.getElementById("toasts");
    if (!toasts || typeof words !== "string") return;
    const toast = document.createElement("p");
    toast.className = "toast";
    toast.textContent = words;
    toasts.append(toast);
    setTimeout(() => toast.remove(), 8000);
  });
})();
