// Comforts of the questions on top of pages that work without scripts: the clock, drafts, keys, the tab's title.
(() => {
  "use strict";
  document.documentElement.classList.add("has-script");

  // Only somebody who looks counts as being at the desk.
  document.addEventListener("htmx:config:request", (event) => {
    event.detail.ctx.request.headers["X-Looking"] = document.visibilityState === "visible" ? "yes" : "no";
  });

  document.querySelectorAll("[data-submit-on-change]").forEach((field) => {
    field.addEventListener("change", () => field.form.requestSubmit());
  });

  // The number that waits stands in the tab's title, the heading and on the rail.
  const title = document.title.replace(/^\(\d+\) /, "");
  const showWaiting = () => {
    const waiting = document.querySelector("[data-waiting]")?.dataset.waiting ?? "0";
    document.title = waiting === "0" ? title : `(${waiting}) ${title}`;
    document.querySelectorAll('[data-waiting-number], nav a[href="/admin/inquiries"] > .count').forEach((number) => {
      number.textContent = waiting;
      if (number.matches(".count")) number.hidden = waiting === "0";
    });
  };

  // The thread stays at its end while the reader is there.
  const scroll = document.querySelector("[data-scroll-to-end]");
  let atEnd = true;
  const isPageLong = () => scroll.scrollHeight <= scroll.clientHeight; // on phones the page scrolls, not the thread
  const pageEnd = () => {
    const room = scroll.closest(".room").getBoundingClientRect();
    const bar = document.querySelector(".tabbar")?.offsetHeight ?? 0;
    return scrollY + room.bottom + bar - innerHeight;
  };
  const toEnd = () => {
    if (!scroll) return;
    if (isPageLong()) scrollTo(0, pageEnd());
    else scroll.scrollTop = scroll.scrollHeight;
  };
  scroll?.addEventListener("scroll", () => {
    atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  });
  if (scroll) window.addEventListener("scroll", () => isPageLong() && (atEnd = Math.abs(scrollY - pageEnd()) < 80), { passive: true });

  const box = document.querySelector("form[data-answer]");
  const text = box?.querySelector("textarea");
  const announcer = box?.querySelector("[data-announcer]");
  let deadline = null;
  let announced = null;

  const clockNow = () => box?.querySelector("[data-clock]");
  const setClock = () => {
    const clock = clockNow();
    deadline = clock ? performance.now() + Number(clock.dataset.seconds) * 1000 : null;
  };

  const announce = (seconds) => {
    if (![30, 10, 0].includes(seconds) || announced === seconds || !announcer) return;
    announced = seconds;
    announcer.textContent = seconds ? box.dataset.announce.replace("{seconds}", seconds) : box.dataset.announceOver;
  };

  const tick = () => {
    const clock = clockNow();
    if (!clock || deadline === null) return;
    const seconds = Math.max(0, Math.round((deadline - performance.now()) / 1000));
    const ring = clock.querySelector(".answer-clock");
    ring.classList.toggle("answer-clock--soon", seconds > 0 && seconds <= 10);
    ring.classList.toggle("answer-clock--over", seconds === 0);
    ring.querySelector(".answer-clock__left")?.setAttribute("stroke-dasharray", `${(100 * seconds) / Number(clock.dataset.total)} 100`);
    ring.querySelector("text").textContent = seconds;
    ring.querySelector(".answer-clock__title").textContent = seconds ? clock.dataset.leftWords.replace("{seconds}", seconds) : clock.dataset.overWords;
    announce(seconds);
    if (seconds === 0) {
      deadline = null;
      htmx.trigger("#road-clock", "look");
    }
  };

  document.addEventListener("htmx:after:swap", () => {
    showWaiting();
    setClock();
    if (atEnd) toEnd();
  });

  // What is typed survives a reload, on this device, until it is sent.
  const keep = (value) => {
    try {
      if (value) localStorage.setItem(box.dataset.draft, value);
      else localStorage.removeItem(box.dataset.draft);
    } catch {
      // a browser that keeps nothing: the text is still in the field
    }
  };
  const kept = () => {
    try {
      return localStorage.getItem(box.dataset.draft) ?? "";
    } catch {
      return "";
    }
  };

  if (box && text) {
    const here = new URL(location.href);
    if (here.searchParams.has("sent")) {
      keep("");
      here.searchParams.delete("sent");
      history.replaceState(history.state, "", here);
    }
    if (!text.value) text.value = kept();
    text.addEventListener("input", () => keep(text.value));
    text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      box.requestSubmit(box.querySelector('button[name="road"][value="wait"]'));
    });
    document.addEventListener("click", (event) => {
      const link = event.target.closest("[data-insert]");
      if (!link) return;
      event.preventDefault();
      text.value = [text.value.trim(), link.dataset.insert].filter(Boolean).join("\n");
      keep(text.value);
      text.focus();
    });
  }

  showWaiting();
  setClock();
  toEnd();
  setInterval(tick, 1000);
})();
