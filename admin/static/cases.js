// Comforts of the complaints on top of pages that work without scripts: fresh lists, keys, canned replies.
(() => {
  "use strict";
  document.documentElement.classList.add("has-script");

  // Lists and timelines look again as soon as something happened to a complaint.
  const live = document.getElementById("live");
  const isChosen = () => document.querySelector("[data-choose]:checked") !== null;
  const pause = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });

  async function follow() {
    let seen = live.dataset.stamp;
    for (;;) {
      if (document.visibilityState !== "visible") {
        await pause(2000);
        continue;
      }
      try {
        const answer = await fetch(`/admin/cases/changes?seen=${encodeURIComponent(seen)}`, { headers: { Accept: "application/json" } });
        if (answer.redirected || !answer.ok) return; // signed out: the next click says so
        const { stamp } = await answer.json();
        if (stamp !== seen && !isChosen()) {
          seen = stamp;
          htmx.trigger(live, "changed");
        }
        await pause(isChosen() ? 3000 : 700);
      } catch {
        await pause(5000); // the line is down
      }
    }
  }
  if (live?.dataset.stamp) window.addEventListener("load", follow);

  // j and k, or the arrows, walk through the rows; Enter opens.
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const boxOf = (link) => link.closest("tr, .board__card");
  const step = (by) => {
    const links = rows();
    if (!links.length) return;
    const at = links.indexOf(document.activeElement);
    const link = links[Math.min(Math.max(at < 0 ? 0 : at + by, 0), links.length - 1)];
    link.focus();
    boxOf(link).scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("focusin", (event) => {
    document.querySelectorAll(".is-at").forEach((row) => row.classList.remove("is-at"));
    if (event.target.matches?.("[data-row]")) boxOf(event.target).classList.add("is-at");
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches?.("input:not([type=checkbox]), select, textarea") || document.querySelector("dialog[open]")) return;
    const act = { j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1), "/": () => document.getElementById("q")?.focus(), "?": () => document.getElementById("keys")?.showModal() }[event.key];
    if (!act || (!rows().length && event.key.startsWith("Arrow"))) return;
    event.preventDefault();
    act();
  });

  // A canned reply goes into the field, below what is there.
  document.querySelectorAll("[data-canned]").forEach((list) => {
    list.addEventListener("change", () => {
      const field = document.getElementById(list.dataset.canned);
      field.value = [field.value.trim(), list.value].filter(Boolean).join("\n");
      list.value = "";
      field.focus();
    });
  });
})();
