// The map of complaints: circles from our own positions, no tiles. Drag or arrows move, wheel or + and − zoom.
(() => {
  "use strict";
  const map = document.getElementById("map");
  const SVG = "http://www.w3.org/2000/svg";
  const METRES_PER_DEGREE = 111320;
  const WIDEST = 40; // degrees of latitude: beyond that there is nothing of ours to see
  let box = null; // [south, west, north, east] in sight
  let asked = null; // what was to be in sight, before it took the shape of the picture
  let latest = 0;

  const size = () => { const { width, height } = map.getBoundingClientRect(); return { width: width || 600, height: height || 420 }; };
  const squeeze = () => Math.max(Math.cos((((box[0] + box[2]) / 2) * Math.PI) / 180), 0.05);
  const scale = () => size().height / (box[2] - box[0]); // pixels per degree of latitude

  // As wide as the picture: a degree of longitude is shorter than one of latitude.
  const fit = ([south, west, north, east], room = 1) => {
    asked = { bounds: [south, west, north, east], room };
    box = asked.bounds;
    const { width, height } = size();
    const lat = (south + north) / 2;
    const lon = (west + east) / 2;
    const needed = Math.max((north - south) * room, ((east - west) * room * squeeze() * height) / width, 0.002);
    const tall = Math.min(needed, WIDEST);
    const wide = (tall * width) / height / squeeze();
    box = [lat - tall / 2, lon - wide / 2, lat + tall / 2, lon + wide / 2];
  };
  const place = (latitude, longitude) => [(longitude - box[1]) * scale() * squeeze(), (box[2] - latitude) * scale()];

  const add = (parent, name, attributes, words) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (words !== undefined) element.textContent = words;
    parent.append(element);
    return element;
  };

  const drawScale = (height) => {
    const metres = 120 / (scale() / METRES_PER_DEGREE);
    const power = 10 ** Math.floor(Math.log10(metres));
    const round = [5, 2, 1].map((step) => step * power).find((step) => step <= metres) ?? power;
    const length = (round * scale()) / METRES_PER_DEGREE;
    const words = round < 1000 ? map.dataset.metres.replace("{count}", round) : map.dataset.kilometres.replace("{count}", round / 1000);
    add(map, "path", { class: "case-map__scale", d: `M12 ${height - 18}v6h${length}v-6` });
    add(map, "text", { class: "case-map__words", x: 14, y: height - 22 }, words);
  };

  const drawGrid = (width, height) => {
    const step = 10 ** Math.floor(Math.log10(box[2] - box[0]));
    const digits = Math.max(0, -Math.floor(Math.log10(step)));
    for (let lat = Math.ceil(box[0] / step) * step; lat < box[2]; lat += step) {
      const y = place(lat, box[1])[1];
      add(map, "line", { class: "case-map__line", x1: 0, x2: width, y1: y, y2: y });
      add(map, "text", { class: "case-map__words", x: width - 4, y: y - 4, "text-anchor": "end" }, lat.toFixed(digits));
    }
    for (let lon = Math.ceil(box[1] / step) * step; lon < box[3]; lon += step) {
      const x = place(box[0], lon)[0];
      add(map, "line", { class: "case-map__line", x1: x, x2: x, y1: 0, y2: height });
      add(map, "text", { class: "case-map__words", x: x + 4, y: 16 }, lon.toFixed(digits));
    }
  };

  const draw = (clusters) => {
    const { width, height } = size();
    map.replaceChildren();
    map.setAttribute("viewBox", `0 0 ${width} ${height}`);
    drawGrid(width, height);
    const widest = Math.max(1, ...clusters.map((cluster) => cluster.count));
    for (const cluster of [...clusters].sort((a, b) => b.count - a.count)) {
      const [x, y] = place(cluster.latitude, cluster.longitude);
      const words = cluster.count === 1 ? map.dataset.one : map.dataset.many.replace("{count}", cluster.count).replace("{overdue}", cluster.overdue);
      const link = add(map, "a", { href: cluster.href, class: cluster.overdue ? "case-map__dot case-map__dot--late" : "case-map__dot", "aria-label": words });
      add(link, "title", {}, words);
      add(link, "circle", { cx: x, cy: y, r: cluster.count === 1 ? 9 : 14 + 12 * Math.sqrt(cluster.count / widest) });
      if (cluster.count > 1) add(link, "text", { x, y: y + 5 }, cluster.count);
    }
    drawScale(height);
  };

  async function look(isFirst = false) {
    const mine = (latest += 1);
    const source = new URL(map.dataset.source, location.href);
    if (!isFirst) source.searchParams.set("box", box.map((degrees) => degrees.toFixed(6)).join(","));
    try {
      const answer = await fetch(source, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) throw new Error("refused");
      const found = await answer.json();
      if (mine !== latest) return;
      document.querySelector("[data-map-empty]").hidden = found.clusters.length > 0;
      if (!found.box) return;
      if (isFirst) fit(found.box, 1.15);
      draw(found.clusters);
    } catch {
      document.querySelector("[data-offline-strip]")?.classList.add("is-shown");
    }
  }

  let waiting = null;
  const later = () => { clearTimeout(waiting); waiting = setTimeout(look, 180); };
  const zoom = (factor) => { if (box) { fit(box, factor); later(); } };
  const move = (up, right) => {
    if (!box) return;
    const [tall, wide] = [box[2] - box[0], box[3] - box[1]];
    box = [box[0] + up * tall, box[1] + right * wide, box[2] + up * tall, box[3] + right * wide];
    asked = { bounds: box, room: 1 };
    later();
  };

  document.querySelectorAll("[data-zoom]").forEach((button) => {
    button.addEventListener("click", () => (button.dataset.zoom === "all" ? look(true) : zoom(Number(button.dataset.zoom))));
  });
  map.addEventListener("keydown", (event) => {
    const act = { "+": () => zoom(0.5), "-": () => zoom(2), ArrowUp: () => move(0.25, 0), ArrowDown: () => move(-0.25, 0), ArrowLeft: () => move(0, -0.25), ArrowRight: () => move(0, 0.25) }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  map.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && document.activeElement !== map) return; // the page scrolls until the map is chosen
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.4 : 0.7);
  }, { passive: false });

  let drag = null;
  map.addEventListener("pointerdown", (event) => { if (!event.target.closest("a")) drag = { x: event.clientX, y: event.clientY }; });
  window.addEventListener("pointerup", (event) => {
    if (!drag || !box) return;
    const { width, height } = size();
    const [right, down] = [(event.clientX - drag.x) / width, (event.clientY - drag.y) / height];
    drag = null;
    if (Math.hypot(right, down) > 0.01) move(down, -right);
  });
  window.addEventListener("resize", () => { if (box) { fit(asked.bounds, asked.room); later(); } });
  look(true);
})();
