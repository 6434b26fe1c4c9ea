// The web chat. What people type is kept on this device until the office has stored it; what the office says
// comes over a stream that is opened again whenever it breaks. Texts become text nodes, never markup.
(() => {
  "use strict";

  const { lang, embed, question, words } = JSON.parse(document.body.dataset.settings);
  const ICONS = document.body.dataset.icons;
  const byId = (id) => document.getElementById(id);
  const log = byId("chat-log");
  const scroller = byId("main");
  const form = byId("chat-form");
  const field = byId("chat-text");
  const strip = byId("chat-offline");

  const SESSION = "phueanban.session";
  const DRAFT = "phueanban.draft";
  const OUTGOING = "phueanban.out.";
  const MAX_BACKOFF = 30_000; // milliseconds; so are all times here
  const SILENCE = 25_000; // the stream says something every 15 s; longer silence means that it is stuck
  const POLL = 3_000;
  const PATIENCE = 20_000; // a request without an answer is given up, and made again
  const PAUSE_IN_TALK = 15 * 60_000; // after so long a gap the time is shown
  const PATIENCE_WITH_PHOTOS = 120_000;
  const LARGE_PHOTO = 1_000_000; // bytes
  const PHOTO_SIDE = 2048; // pixels
  const TYPING = 20_000;
  const TRIES_BEFORE_FAILED = 3;
  const SHOWN_LENGTH = 4_000; // characters of a visitor's own message; all of it is sent

  // Storage: in private windows and locked-down frames there may be none; then this page alone remembers.

  const memory = new Map();
  const store = (() => {
    try {
      localStorage.setItem("phueanban.test", "1");
      localStorage.removeItem("phueanban.test");
      return localStorage;
    } catch {
      return {
        getItem: (key) => memory.get(key) ?? null,
        setItem: (key, value) => memory.set(key, value),
        removeItem: (key) => memory.delete(key),
        get length() { return memory.size; },
        key: (index) => [...memory.keys()][index] ?? null,
      };
    }
  })();
  const readJson = (key) => {
    try {
      return JSON.parse(store.getItem(key));
    } catch {
      return null;
    }
  };
  const writeText = (key, value) => {
    try {
      store.setItem(key, value);
    } catch {
      // A full store: the words still live on the page while it is open.
    }
  };
  const writeJson = (key, value) => writeText(key, JSON.stringify(value));
  const keepDraft = () => writeText(DRAFT, field.value);
  const storedKeys = (prefix) => Array.from({ length: store.length }, (_, index) => store.key(index)).filter((key) => key?.startsWith(prefix));

  // Building

  // Numbers stay with what belongs to them: "20 พ.ย. 2569", "500 บาท", "หมู่ 4". So do the sign of repetition, the
  // abbreviated day before its date, and the words that browsers' dictionaries take apart: "เจ้าหน้าที่", "อบต.".
  const MONTH = "(?:ม\\.ค|ก\\.พ|มี\\.ค|เม\\.ย|พ\\.ค|มิ\\.ย|ก\\.ค|ส\\.ค|ก\\.ย|ต\\.ค|พ\\.ย|ธ\\.ค)\\.";
  const UNIT = "บาท|น\\.|วัน|เดือน|ปี|นาที|ชม\\.|ชั่วโมง|คน|ข้อ|ฉบับ|เมตร|ไร่|ตร\\.";
  const DAY = "จ\\.|อ\\.|พ\\.|พฤ\\.|ศ\\.|ส\\.|อา\\.";
  const JOINTS = [
    new RegExp(`(\\d) (?=${MONTH}|${UNIT})`, "g"),
    new RegExp(`(${MONTH}|${DAY}|หมู่|โทร|ข้อ|มาตรา) (?=\\d)`, "g"),
    /(\S) (?=[ๆ·])/g,
  ];
  const TAKEN_APART = [/(เจ้า)(?=หน้าที่)/g, /(อบ)(?=[ตจ]\.)/g, /(ใบ)(?=อนุญาต)/g];
  const replaceAll = (text, patterns, joiner) => patterns.reduce((joined, pattern) => joined.replace(pattern, `$1${joiner}`), text);
  const keep = (text) => replaceAll(replaceAll(text, JOINTS, "\u00a0"), TAKEN_APART, "\u2060");

  function make(tag, className = "", ...children) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    const shown = children.filter((child) => child !== null && child !== undefined && child !== "");
    element.append(...shown.map((child) => (typeof child === "string" ? keep(child) : child)));
    return element;
  }

  function icon(name, size = "") {
    const SVG = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("class", size ? `icon icon--${size}` : "icon");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS(SVG, "use");
    use.setAttribute("href", `${ICONS}#${name}`);
    svg.append(use);
    return svg;
  }

  function button(className, label, onTap, iconName = "") {
    const element = make("button", className, iconName ? icon(iconName) : null, make("span", className.startsWith("choice") ? "choice__words" : "", label));
    element.type = "button";
    element.addEventListener("click", onTap);
    return element;
  }

  function link(className, label, url, iconName = "") {
    const element = make("a", className, iconName ? icon(iconName) : null, make("span", className.startsWith("choice") ? "choice__words" : "", label));
    if (!setAddress(element, url)) return make("span", "", label);
    return element;
  }

  function setAddress(element, url) {
    let address;
    try {
      address = new URL(url, location.href);
    } catch {
      return false;
    }
    if (!["https:", "http:", "tel:"].includes(address.protocol)) return false;
    element.href = address.href;
    if (address.protocol !== "tel:") {
      element.target = "_blank";
      element.rel = "noopener";
    }
    return true;
  }

  // Text with its web addresses made into links.
  function linked(text) {
    const parts = document.createDocumentFragment();
    text.split(/(https?:\/\/[^\s<>"'“”]+)/).forEach((piece, index) => {
      parts.append(index % 2 ? link("", piece, piece) : keep(piece));
    });
    return parts;
  }

  const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  // Time, on the Thai clock

  const clock = new Intl.DateTimeFormat(lang === "th" ? "th-TH-u-ca-buddhist-nu-latn" : "en-GB", {
    timeZone: "Asia/Bangkok", weekday: "long", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  });
  const timeParts = (at) => Object.fromEntries(clock.formatToParts(at).map(({ type, value }) => [type, value]));
  const dayWords = (at) => fill(words.date, timeParts(at));
  const timeWords = (at) => fill(words.time, timeParts(at));

  // The log

  const shownItems = new Set(); // ids of items on the page
  const ownByRef = new Map(); // what the office calls a message of ours, to its bubble
  let lastAt = null;
  let lastDay = "";
  let speaker = "bot";
  let isLoading = true;
  let endLoading;
  const loaded = new Promise((resolve) => { endLoading = resolve; });
  let quickReplies = null;
  let typing = null;
  let typingTimer = 0;

  const newerButton = byId("chat-newer");
  const isAtEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
  const scrollToEnd = () => { scroller.scrollTop = scroller.scrollHeight; };

  // Adds below what is there, above the typing dots; keeps readers of older messages where they are.
  function append(element, { follow = isAtEnd() } = {}) {
    if (typing) typing.before(element);
    else log.append(element);
    if (isLoading) return;
    if (!follow) {
      newerButton.hidden = false;
      return;
    }
    scrollToEnd();
    // A message taller than the window is read from its beginning.
    const overhead = element.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
    if (overhead < 0) scroller.scrollTop += overhead - 12;
  }

  function showTime(at) {
    const day = dayWords(at);
    if (day !== lastDay) append(make("p", "talk-day", day));
    else if (lastAt && at - lastAt > PAUSE_IN_TALK) append(make("p", "talk-day", timeWords(at)));
    lastDay = day;
    lastAt = at;
  }

  function showTyping() {
    hideTyping();
    if (speaker === "staff") return; // a person answers in their own time
    const dots = make("span", "typing__dots", make("i"), make("i"), make("i"));
    const bubble = make("div", "bubble typing", make("span", "visually-hidden", words.typing), dots);
    append(bubble, { follow: true });
    typing = bubble;
    typingTimer = setTimeout(hideTyping, TYPING);
  }

  function hideTyping() {
    clearTimeout(typingTimer);
    typing?.remove();
    typing = null;
  }

  function dropQuickReplies() {
    if (quickReplies?.contains(document.activeElement)) scroller.focus({ preventScroll: true });
    quickReplies?.remove();
    quickReplies = null;
  }

  function showSpeaker(sender, name) {
    const line = byId("chat-line");
    if (sender === "staff" && speaker !== "staff") {
      append(make("p", "talk-turn", icon("person", "small"), make("span", "", fill(words.joined, { name: name || words.staff }))));
    }
    speaker = sender;
    const isHuman = sender === "staff";
    byId("chat-human").hidden = !isHuman;
    byId("chat-end").hidden = !isHuman;
    line.textContent = isHuman ? [words.with_staff, name.split(" · ")[0]].filter(Boolean).join(" · ") : words.automatic;
  }

  // What visitors say

  function ownBubble(message) {
    const mark = message.location ? "pin" : message.photo ? "image" : "";
    const said = message.location ? words.location : message.photo ? words.photo : message.text ?? message.label;
    // Breaking an endless line of Thai into words can hold up a browser for minutes.
    const text = said.length > SHOWN_LENGTH ? `${said.slice(0, SHOWN_LENGTH)}…` : said;
    const bubble = make("div", "bubble bubble--own", make("p", "", mark ? icon(mark, "small") : null, mark ? " " : null, text));
    return bubble;
  }

  function setState(bubble, state, note = "") {
    if (!bubble) return;
    const wasAtEnd = isAtEnd();
    bubble.querySelector(".bubble__state, .bubble__failed")?.remove();
    bubble.classList.toggle("bubble--own", state !== "failed");
    bubble.classList.toggle("bubble--failed", state === "failed");
    if (state === "failed") {
      const isRefused = outgoing.find((entry) => entry.id === bubble.dataset.id)?.refused;
      const retry = make("button", "", isRefused ? words.edit : words.retry);
      retry.type = "button";
      retry.addEventListener("click", () => (isRefused ? takeBack : resend)(bubble.dataset.id));
      bubble.append(make("p", "bubble__failed", icon("alert", "small"), note || words.failed, retry));
    } else if (note) {
      bubble.append(make("p", "bubble__state", icon("clock", "small"), note));
    }
    if (wasAtEnd) scrollToEnd();
  }

  function showVisitorItem(item) {
    const bubble = ownByRef.get(item.ref) ?? adoptSending(item);
    if (bubble) {
      setState(bubble, "sent");
      return;
    }
    showTime(new Date(item.at));
    const text = item.kind === "erased" ? words.erased : item.kind === "location" ? words.location : item.text;
    const shown = ownBubble(item.kind === "location" ? { location: true } : item.kind === "photo" ? { photo: true } : { text });
    append(shown);
    if (item.ref) ownByRef.set(item.ref, shown);
  }

  // The stream may be faster than the answer to our own request.
  function adoptSending(item) {
    const same = sending && (item.kind === "location" ? sending.location : item.kind === "photo" ? sending.photo : (sending.text ?? sending.label) === item.text);
    if (!same) return null;
    const bubble = bubbles.get(sending.id);
    if (bubble) ownByRef.set(item.ref, bubble);
    return bubble ?? null;
  }

  // What the office says

  function showOfficeItem(item) {
    hideTyping();
    dropQuickReplies();
    showTime(new Date(item.at));
    showSpeaker(item.sender, item.sender_name ?? "");
    const isHuman = item.sender === "staff";
    const box = make("div", isHuman ? "said said--human" : "said");
    const who = isHuman ? make("p", "bubble__who", item.sender_name || words.staff) : null;
    const show = SHOW[item.kind] ?? SHOW.text;
    show(box, item, who, isHuman ? "bubble bubble--human" : "bubble");
    if (item.quick_replies?.length) {
      const list = make("ul", "suggestions quick", ...item.quick_replies.map((reply) => make("li", "", button("suggestion", reply.label, () => tap(reply)))));
      list.setAttribute("aria-label", words.quick);
      box.append(list);
      quickReplies = list;
    }
    append(box);
    if (embed && !isLoading) parent.postMessage({ phueanban: "message" }, "*"); // says nothing but that
  }

  const SHOW = {
    text(box, item, who, className) {
      box.append(make("div", className, who, make("p", "", linked(item.text))));
    },
    choices(box, item, who, className) {
      box.append(make("div", `${className} bubble--wide`, who, make("p", "bubble__title", item.text), choiceList(item.options)));
    },
    ask_photo(box, item, who, className) {
      SHOW.choices(box, item, who, className);
    },
    ask_location(box, item, who, className) {
      const list = choiceList(item.options);
      if (navigator.geolocation) list.prepend(make("li", "", locationButton()));
      box.append(make("div", `${className} bubble--wide`, who, make("p", "bubble__title", item.text), list));
    },
    card(box, item, who) {
      const opinions = item.buttons.filter(isOpinion);
      box.append(cardOf(item, who));
      if (opinions.length) box.append(feedback(opinions));
    },
    cards(box, item, who) {
      const row = make("div", "cards", ...item.cards.map((card) => cardOf(card, null)));
      row.tabIndex = 0;
      row.setAttribute("role", "group");
      row.setAttribute("aria-label", words.cards);
      if (who) box.append(who);
      box.append(row);
    },
    picture(box, item, who, className) {
      const image = make("img", "bubble__photo");
      image.alt = item.text;
      image.src = item.preview_url;
      image.addEventListener("load", () => isAtEnd() && scrollToEnd());
      const frame = make("a", "", image);
      setAddress(frame, item.url);
      box.append(make("div", className, who, frame));
    },
    link(box, item, who, className) {
      box.append(make("div", className, who, make("p", "", item.text), ...item.buttons.map((entry) => link("", entry.label, entry.url))));
    },
    steps(box, item, who) {
      const facts = [[words.total_time, item.total_time, "fact"], [words.fee, item.fee, "fact fact--cost"]]
        .filter(([, value]) => value)
        .map(([name, value, className]) => make("div", className, make("dt", "", name), make("dd", "", value)));
      const steps = item.steps.map((step) => make("li", "step",
        make("span", "step__words", make("span", "step__title", step.title), step.detail ? make("span", "step__by", step.detail) : null),
        step.duration ? make("span", "step__time", step.duration) : null));
      box.append(make("article", "step-card", who, make("span", "chip chip--leaf", words.steps), make("h2", "step-card__title", item.title),
        facts.length ? make("dl", "facts", ...facts) : null, make("ol", "steps", ...steps), choiceList(item.buttons), proof(item.meta)));
    },
  };

  const isOpinion = (entry) => /^(up|down):/.test(entry.action ?? "");
  const WAY_OUT = /^none:|:_(cancel|back)$/;
  const MAIN = /^flow:[^:]+:send:yes$/; // what the card is there for, among its other buttons
  const ICON_OF = [[/^menu:ask$/, "chat"], [/^menu:eservice$/, "document"], [/^(menu:staff|leave:)/, "person"], [/^phone:/, "phone"]];

  function choiceList(entries) {
    return make("ul", "choices", ...entries.filter((entry) => !isOpinion(entry)).map((entry) => make("li", "", choice(entry))));
  }

  function choice(entry) {
    if (entry.url) {
      const isCall = entry.url.startsWith("tel:");
      const element = link("choice", entry.label, entry.url, isCall ? "phone" : "");
      if (!isCall) element.append(icon("external"));
      return element;
    }
    const name = ICON_OF.find(([pattern]) => pattern.test(entry.action))?.[1] ?? "";
    const isWayOut = WAY_OUT.test(entry.action);
    const className = isWayOut ? "choice choice--out" : MAIN.test(entry.action) ? "choice choice--main" : "choice";
    const element = button(className, entry.label, () => tap(entry, element), name);
    if (!name && !isWayOut) element.append(icon("next"));
    return element;
  }

  function cardOf(card, who) {
    const rows = card.rows.map((row) => {
      const head = make("th", "", row.left);
      head.scope = "row";
      return make("tr", row.strong ? "is-mine" : "", head, make("td", "", row.right));
    });
    const choices = choiceList(card.buttons);
    return make("article", "answer", who, card.label ? make("p", "answer__label", card.label) : null, make("h2", "answer__headline", card.title),
      ...bodyOf(card.body),
      rows.length ? make("table", "answer__rows", make("tbody", "", ...rows)) : null,
      choices.childElementCount ? choices : null, proof(card.meta));
  }

  // Lines as paragraphs; runs of "• …" as a list.
  function bodyOf(text) {
    const blocks = [];
    for (const line of text.split("\n").filter((one) => one.trim())) {
      if (!line.startsWith("• ")) {
        blocks.push(make("p", "answer__text", linked(line)));
        continue;
      }
      if (blocks.at(-1)?.tagName !== "UL") blocks.push(make("ul", "answer__list"));
      blocks.at(-1).append(make("li", "", linked(line.slice(2))));
    }
    return blocks;
  }

  const PROOF_ICON = { source: "book", department: "people", date: "clock", note: "info" };

  function proof(meta) {
    if (!meta.length) return null;
    return make("div", "proof", ...meta.map((line) => make("p", "proof__row", icon(PROOF_ICON[line.kind] ?? "info"), line.url ? link("", line.text, line.url) : make("span", "", line.text))));
  }

  function feedback(opinions) {
    const group = make("div", "feedback");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", words.helpful_group);
    for (const entry of opinions) {
      const isGood = entry.action.startsWith("up:");
      const element = button(`button button--small ${isGood ? "button--outline" : "button--quiet"}`, entry.label, () => {
        group.querySelectorAll("button").forEach((other) => other.setAttribute("aria-pressed", String(other === element)));
        tap(entry);
      }, isGood ? "thumbs-up" : "thumbs-down");
      element.setAttribute("aria-pressed", "false");
      group.append(element);
    }
    return group;
  }

  function locationButton() {
    const label = make("span", "choice__words", words.send_location);
    const element = make("button", "choice", icon("pin"), label);
    element.type = "button";
    element.addEventListener("click", () => {
      element.disabled = true;
      label.textContent = words.locating;
      const rest = () => {
        element.disabled = false;
        label.textContent = words.send_location;
      };
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => {
          rest();
          send({ location: { lat: coords.latitude, lon: coords.longitude } });
        },
        () => {
          rest();
          if (element.nextElementSibling?.className !== "chat-note") element.after(make("p", "chat-note", words.no_location));
        },
        { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 },
      );
    });
    return element;
  }

  function tap(entry, element = null) {
    element?.setAttribute("aria-pressed", "true");
    send({ action: entry.action, label: entry.label });
  }

  // Sending: one after the other, kept until it is stored

  let session = readJson(SESSION);
  let beginning = null;
  let outgoing = storedKeys(OUTGOING).map(readJson).filter(Boolean).sort((one, other) => one.at - other.at);
  let sending = null; // the message on its way
  let failures = 0;
  const bubbles = new Map(); // id of an outgoing message to its bubble
  const wakers = new Set();

  const wake = () => wakers.forEach((waker) => waker());
  const pause = (milliseconds) => new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      wakers.delete(done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    wakers.add(done);
  });
  const backoff = (tries) => Math.min(MAX_BACKOFF, 1000 * 2 ** tries) * (0.75 + Math.random() / 2);
  // Either direction that gets through again tells the other, which need not sit out its own pause.
  const reached = () => {
    showLine(true);
    if (failures === 0) return;
    failures = 0;
    wake();
  };
  const showLine = (isReached) => strip.classList.toggle("is-shown", !isReached || !navigator.onLine);

  async function ask(path, options = {}) {
    const headers = { Accept: "application/json", ...options.headers };
    if (session) headers.Authorization = `Bearer ${session.token}`;
    if (typeof options.body === "string") headers["Content-Type"] = "application/json";
    const signal = options.signal ?? AbortSignal.timeout?.(PATIENCE);
    return fetch(`/api/v1/chat${path}`, { cache: "no-store", credentials: "omit", ...options, signal, headers });
  }

  // One session, however many ask for it; null when the office cannot be reached now.
  function haveSession() {
    if (session) return Promise.resolve(session);
    beginning ??= (async () => {
      try {
        const response = await ask("/sessions", { method: "POST", body: JSON.stringify({ language: lang }) });
        if (!response.ok) return null;
        session = { ...(await response.json()), lang };
        writeJson(SESSION, session);
        showLine(true);
        return session;
      } catch {
        showLine(false);
        return null;
      } finally {
        beginning = null;
      }
    })();
    return beginning;
  }

  // The office has forgotten this visitor: begin anew, and keep what was not sent.
  function loseSession(lost) {
    if (session !== lost) return;
    session = null;
    store.removeItem(SESSION);
    stopStream();
    clearLog();
    queue({ action: "start" });
  }

  function queue(message) {
    const id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const entry = { id, at: Date.now(), ...message };
    outgoing.push(entry);
    writeJson(OUTGOING + id, entry);
    return entry;
  }

  function showOutgoing(entry, follow = true) {
    if (entry.text === undefined && !entry.label && !entry.location && !entry.photo) return;
    showTime(new Date());
    const bubble = ownBubble(entry);
    bubble.dataset.id = entry.id;
    bubbles.set(entry.id, bubble);
    append(bubble, { follow });
  }

  function send(message) {
    const entry = queue(message);
    dropQuickReplies();
    showOutgoing(entry);
    setTimeout(() => outgoing.includes(entry) && !entry.refused && failures === 0 && setState(bubbles.get(entry.id), "sending", words.sending), 1200);
    if (navigator.onLine) showTyping();
    wake();
  }

  // A photo goes first, by itself: nothing of it is kept on this device. Then a message brings it.
  async function sendPhoto(file) {
    dropQuickReplies();
    showTime(new Date());
    const bubble = ownBubble({ photo: true });
    append(bubble, { follow: true });
    setState(bubble, "sending", words.sending);
    const body = new FormData();
    body.append("file", await smaller(file), "photo.jpg");
    for (let tries = 0; ; tries += 1) {
      try {
        if (!(await haveSession())) throw new Error("no session");
        const response = await ask("/attachments", { method: "POST", body, signal: AbortSignal.timeout?.(PATIENCE_WITH_PHOTOS) });
        if (response.ok) {
          const entry = queue({ attachment_id: (await response.json()).attachment_id, photo: true });
          bubble.dataset.id = entry.id;
          bubbles.set(entry.id, bubble);
          showTyping();
          wake();
          return;
        }
        if (response.status < 500) {
          photoFailed(bubble, null, response.status === 429 ? words.too_fast : words.photo_refused);
          return;
        }
      } catch {
        showLine(false);
      }
      if (tries + 1 >= TRIES_BEFORE_FAILED) {
        photoFailed(bubble, file, words.failed);
        return;
      }
      await pause(backoff(tries));
    }
  }

  function photoFailed(bubble, file, note) {
    setState(bubble, "failed", note);
    const retry = bubble.querySelector(".bubble__failed button");
    if (!file) retry.remove();
    else retry.addEventListener("click", () => { bubble.remove(); sendPhoto(file); });
  }

  // A photo of a phone is larger than anybody looks at: on a bad line every megabyte counts.
  async function smaller(file) {
    if (file.size < LARGE_PHOTO || !window.createImageBitmap) return file;
    try {
      const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
      const scale = Math.min(1, PHOTO_SIDE / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)];
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      return await new Promise((done) => { canvas.toBlob((blob) => done(blob ?? file), "image/jpeg", 0.9); });
    } catch {
      return file; // the office looks at it and says what is wrong
    }
  }

  function resend(id) {
    const entry = outgoing.find((other) => other.id === id);
    if (!entry) return;
    failures = 0;
    setState(bubbles.get(id), "sending", words.sending);
    wake();
  }

  // What can never be sent as it is goes back into the field.
  function takeBack(id) {
    const entry = outgoing.find((other) => other.id === id);
    if (!entry) return;
    field.value = [field.value.trim(), entry.text ?? ""].filter(Boolean).join("\n");
    keepDraft();
    forget(entry);
    bubbles.get(id).remove();
    field.focus();
  }

  function forget(entry) {
    outgoing = outgoing.filter((other) => other !== entry);
    store.removeItem(OUTGOING + entry.id);
  }

  async function sendAll() {
    await loaded; // what is sent now comes after what was said before
    for (;;) {
      const entry = outgoing.find((other) => !other.refused);
      if (!entry) {
        await pause(60_000);
        continue;
      }
      const wait = await sendOne(entry);
      if (wait) await pause(wait);
    }
  }

  // Sends one message; returns how long to wait before the next attempt, 0 when it is settled.
  async function sendOne(entry) {
    const used = await haveSession();
    if (!used) return unsent(entry);
    const { id, at, refused, photo, ...content } = entry;
    sending = entry;
    try {
      const response = await ask("/messages", { method: "POST", body: JSON.stringify({ ...content, client_message_id: id }) });
      if (response.ok) {
        settle(entry, (await response.json()).id.split(":").at(-1));
        return 0;
      }
      if (response.status === 401) {
        loseSession(used);
        return 0;
      }
      if (response.status === 429) {
        hideTyping();
        setState(bubbles.get(id), "sending", words.too_fast);
        return 1000 * (Number(response.headers.get("Retry-After")) || 20);
      }
      if (response.status >= 500) return unsent(entry);
      entry.refused = true; // for good; the words stay on the page and on this device
      writeJson(OUTGOING + id, entry);
      hideTyping();
      setState(bubbles.get(id), "failed", [413, 422].includes(response.status) ? words.too_long : words.failed);
      return 0;
    } catch {
      return unsent(entry);
    } finally {
      sending = null;
    }
  }

  function settle(entry, ref) {
    reached();
    forget(entry);
    const bubble = bubbles.get(entry.id);
    if (!bubble) return;
    const known = ownByRef.get(ref);
    if (known && known !== bubble) bubble.remove(); // it had arrived before this page was opened
    else ownByRef.set(ref, bubble);
    setState(bubble, "sent");
  }

  function unsent(entry) {
    hideTyping();
    showLine(false);
    failures += 1;
    const isFailed = navigator.onLine && failures >= TRIES_BEFORE_FAILED;
    for (const other of outgoing) {
      if (!other.refused) setState(bubbles.get(other.id), isFailed ? "failed" : "sending", isFailed ? words.failed : words.waiting);
    }
    return backoff(failures);
  }

  // Receiving

  let cursor = "0";
  let stopStream = () => {};

  function receive({ items, cursor: next }) {
    for (const item of items) {
      if (shownItems.has(item.id)) continue;
      shownItems.add(item.id);
      if (item.sender === "visitor") showVisitorItem(item);
      else showOfficeItem(item);
    }
    cursor = next;
  }

  async function catchUp() {
    for (;;) {
      const used = session;
      const response = await ask(`/messages?after=${cursor}`);
      if (response.status === 401) loseSession(used);
      if (!response.ok) throw new Error(`status ${response.status}`);
      const page = await response.json();
      if (session !== used) return;
      receive(page);
      reached();
      if (!page.items.length) return;
    }
  }

  // Reads the stream until it ends; returns whether it ever spoke.
  async function follow() {
    const used = session;
    const stopper = new AbortController();
    stopStream = () => stopper.abort();
    let spoke = false;
    let watchdog = setTimeout(() => stopper.abort(), SILENCE);
    try {
      const response = await ask(`/stream?after=${cursor}`, { headers: { Accept: "text/event-stream" }, signal: stopper.signal });
      if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let buffer = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done || session !== used) return spoke;
        spoke = true;
        clearTimeout(watchdog);
        watchdog = setTimeout(() => stopper.abort(), SILENCE);
        const blocks = (buffer + value).split("\n\n");
        buffer = blocks.pop();
        for (const block of blocks) {
          const data = block.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart()).join("\n");
          if (data) receive(JSON.parse(data));
        }
      }
    } catch {
      return spoke;
    } finally {
      clearTimeout(watchdog);
      stopper.abort();
    }
  }

  async function listen() {
    let silent = 0; // streams in a row that never spoke: something on the way holds them back
    let tries = 0;
    for (;;) {
      try {
        if (!(await haveSession())) throw new Error("no session");
        await catchUp();
        tries = 0;
        finishLoading();
        if (silent >= 2) {
          await pause(POLL);
          silent = silent > 40 ? 0 : silent + 1; // after two minutes the stream gets another chance
          continue;
        }
        silent = (await follow()) ? 0 : silent + 1;
      } catch {
        tries += 1;
        showLine(false);
        finishLoading();
        await pause(backoff(tries));
      }
    }
  }

  function finishLoading() {
    if (!isLoading) return;
    for (const entry of outgoing) {
      if (bubbles.has(entry.id)) append(bubbles.get(entry.id));
      else showOutgoing(entry);
    }
    isLoading = false;
    endLoading();
    scrollToEnd();
    log.setAttribute("aria-live", "polite");
    log.removeAttribute("aria-busy");
    for (const entry of outgoing) {
      if (entry.refused) setState(bubbles.get(entry.id), "failed", words.failed);
      else if (failures) setState(bubbles.get(entry.id), "sending", words.waiting);
    }
  }

  // Beginning, and beginning anew

  function clearLog() {
    hideTyping();
    log.replaceChildren();
    for (const map of [shownItems, ownByRef, bubbles]) map.clear();
    [cursor, lastAt, lastDay, quickReplies] = ["0", null, "", null];
    showSpeaker("bot", "");
    outgoing.forEach((entry) => showOutgoing(entry));
  }

  function restart() {
    outgoing.forEach(forget);
    store.removeItem(DRAFT);
    store.removeItem(SESSION);
    session = null;
    stopStream();
    field.value = "";
    outgoing = [];
    clearLog();
    queue({ action: "start" });
    byId("chat-restart").close();
    field.focus();
    wake();
  }

  function submit() {
    const text = field.value.trim();
    if (!text) return;
    field.value = "";
    store.removeItem(DRAFT);
    send({ text });
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  field.addEventListener("input", keepDraft);
  byId("chat-attach").addEventListener("click", () => byId("chat-photo").click());
  byId("chat-photo").addEventListener("change", ({ target }) => {
    if (target.files[0]) sendPhoto(target.files[0]);
    target.value = "";
  });
  byId("chat-menu").addEventListener("click", () => send({ action: "menu", label: words.menu }));
  byId("chat-end").querySelector("button").addEventListener("click", () => send({ action: "end", label: words.end }));
  document.querySelector(".chat-more__sheet").addEventListener("click", (event) => {
    event.target.closest("details").open = false;
  });
  byId("chat-restart-yes").addEventListener("click", restart);
  newerButton.addEventListener("click", () => {
    scrollToEnd();
    newerButton.hidden = true;
  });
  scroller.addEventListener("scroll", () => {
    if (isAtEnd()) newerButton.hidden = true;
  }, { passive: true });
  window.addEventListener("online", () => {
    failures = 0;
    wake();
  });
  // Begun anew, or begun, in another tab: this one must not go on showing the talk of before.
  window.addEventListener("storage", (event) => {
    if (event.key === SESSION && session && readJson(SESSION)?.token !== session.token) location.reload();
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && wake());

  if (embed) {
    const close = () => parent.postMessage({ phueanban: "close" }, "*"); // says nothing but that
    byId("chat-close").addEventListener("click", close);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !document.querySelector("dialog[open], details[data-menu][open]")) close();
    }, true); // before the shell closes the menu
    window.addEventListener("message", (event) => {
      if (event.source === parent && event.data?.phueanban === "opened") field.focus();
    });
  }

  log.setAttribute("aria-live", "off"); // what was said before is not read aloud again
  log.setAttribute("aria-busy", "true");
  field.value = store.getItem(DRAFT) || question;
  if (question) history.replaceState(null, "", location.pathname);
  if (!session) queue({ action: "start" });
  else if (session.lang !== lang) {
    queue({ action: `lang:${lang}` });
    session.lang = lang;
    writeJson(SESSION, session);
  }
  sendAll();
  listen();
})();
