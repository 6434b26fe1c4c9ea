// The chat of the office on another site: a button, and a frame of the office's own chat page.
// Styles live in a shadow root, so that neither site touches the other's.
(function phueanbanWidget(settings) {
  "use strict";

  const script = document.currentScript;
  const isAllowed = settings.origins.includes(location.origin);
  if (!isAllowed) {
    console.info(`เพื่อนบ้าน: ${location.origin} is not among the sites that may show this chat. Ask the office's administrator to allow it.`);
    return;
  }
  if (document.getElementById("phueanban-widget")) return;

  const language = script?.dataset.lang === "en" ? "en" : "th";
  const words = settings.words[language];
  const home = new URL(settings.home).origin;

  const STYLE = `
    :host { all: initial; }
    * { box-sizing: border-box; }
    .button, .panel { position: fixed; z-index: 2147483000; right: max(16px, env(safe-area-inset-right)); bottom: max(16px, env(safe-area-inset-bottom)); }
    .button { display: inline-flex; align-items: center; gap: 10px; min-height: 56px; max-width: calc(100vw - 32px); padding: 8px 20px 8px 14px; border: 2px solid #fff; border-radius: 28px 28px 4px 28px; background: #0b5d4e; color: #fff; font: 600 17px/1.5 "Sarabun", "Noto Sans Thai", "Leelawadee UI", "Thonburi", sans-serif; cursor: pointer; }
    .button:hover { background: #084438; }
    .button:focus-visible { outline: 2px solid #f4b63f; box-shadow: 0 0 0 5px #1e2a26; }
    .button svg { width: 32px; height: 32px; flex: none; }
    .unread { width: 12px; height: 12px; border-radius: 50%; background: #f4b63f; }
    .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    .panel { width: 400px; height: min(680px, calc(100vh - 32px)); height: min(680px, calc(100dvh - 32px)); border: 1px solid #7b8882; border-radius: 16px 16px 4px 16px; background: #f1eee4; overflow: hidden; }
    .panel iframe { display: block; width: 100%; height: 100%; border: 0; }
    [hidden] { display: none; }
    @media (max-width: 480px), (max-height: 480px) { .panel { inset: 0; width: 100%; height: 100%; border: 0; border-radius: 0; } }
    @media print { .button, .panel { display: none; } }
  `;

  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // The mark: a house in a speech bubble.
  const drawMark = () => {
    const SVG = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    for (const [shape, fill] of [
      ["M5 2h14a3 3 0 0 1 3 3v11a3 3 0 0 1-3 3H8l-6 3V5a3 3 0 0 1 3-3z", "#f4b63f"],
      ["M12 5.5 6 10.5h1.5V15.5h9v-5H18z", "#084438"],
    ]) {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", shape);
      path.setAttribute("fill", fill);
      svg.append(path);
    }
    return svg;
  };

  const host = make("div", { id: "phueanban-widget" });
  host.lang = language;
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];

  const unread = make("span", { className: "unread", hidden: true }, make("span", { className: "hidden", textContent: words.unread }));
  const button = make("button", { className: "button", type: "button" }, drawMark(), make("span", { textContent: words.open }), unread);
  button.setAttribute("aria-haspopup", "dialog");
  button.setAttribute("aria-expanded", "false");
  const panel = make("div", { className: "panel", hidden: true });
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-label", words.title);
  root.append(button, panel);

  let frame = null;
  let isLoaded = false;
  let overflowBefore = "";
  const fillsScreen = () => matchMedia("(max-width: 480px), (max-height: 480px)").matches;

  function open() {
    if (!frame) {
      frame = make("iframe", { title: words.title, allow: "geolocation", src: `${home}/chat?embed=1&lang=${language}` });
      frame.addEventListener("load", () => {
        isLoaded = true;
        if (!panel.hidden) frame.contentWindow.postMessage({ phueanban: "opened" }, home);
      });
      panel.append(frame);
    }
    panel.hidden = false;
    button.hidden = true;
    unread.hidden = true;
    button.setAttribute("aria-expanded", "true");
    panel.setAttribute("aria-modal", String(fillsScreen()));
    if (fillsScreen()) {
      overflowBefore = document.documentElement.style.overflow;
      document.documentElement.style.overflow = "hidden";
    }
    frame.focus();
    if (isLoaded) frame.contentWindow.postMessage({ phueanban: "opened" }, home);
  }

  function close() {
    if (panel.hidden) return;
    panel.hidden = true;
    button.hidden = false;
    button.setAttribute("aria-expanded", "false");
    document.documentElement.style.overflow = overflowBefore;
    button.focus();
  }

  button.addEventListener("click", open);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  window.addEventListener("message", (event) => {
    if (event.origin !== home || event.source !== frame?.contentWindow) return;
    if (event.data?.phueanban === "close") close();
    if (event.data?.phueanban === "message" && panel.hidden) unread.hidden = false;
  });

  const show = () => document.body.append(host);
  if (document.body) show();
  else document.addEventListener("DOMContentLoaded", show);
})
