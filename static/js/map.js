// figure[data-map="ID"]: draws the JSON block in its template on a map of coasts and borders; nothing is asked of another host
// unless an administrator has set an address for tiles. docs/interface.md says what the block holds. Only in a template it is
// kept where a part of a page is swapped: other script elements are taken out.
//
// It listens to `map:data` (detail: the block anew) and tells `map:point` (detail: the point) when a point is pressed, which
// opens its card unless that is prevented, and `map:place` (detail: {latitude, longitude}) when a free place is pressed.

const { L } = window;
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const still = window.matchMedia("(prefers-reduced-motion: reduce)");
const known = new Map();
const CELL = 10; // degrees of a fine piece of coast
const FINE_FROM = 6; // zoom
const MOST_PIECES = 12;
const MOST_NAMES = 60; // of towns
const ROOM_FOR_NAMES = 64; // pixels left and right of all points
const MOST_CLOSE = 12; // as near as the coast still says something

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function make(tag, words = {}, text = "") {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(words)) if (value !== undefined && value !== "") element.setAttribute(name, value);
  element.textContent = text;
  return element;
}

// ---- Coasts and borders -----------------------------------------------------------------------------------------------

// TopoJSON: an arc holds steps from point to point. Rings and lines as lists of [latitude, longitude].
function decoded(topology) {
  const { scale, translate } = topology.transform;
  const arcs = topology.arcs.map((arc) => {
    let [x, y] = [0, 0];
    return arc.map(([right, up]) => {
      x += right;
      y += up;
      return [y * scale[1] + translate[1], x * scale[0] + translate[0]];
    });
  });
  const { land, borders } = topology.objects;
  const towns = topology.towns.map(([name, right, up]) => [name, [up * scale[1] + translate[1], right * scale[0] + translate[0]]]);
  return { towns, land: land.arcs.map((rings) => rings.map(([arc]) => arcs[arc])), borders: borders.arcs.map(([arc]) => arcs[arc]) };
}

// The parts of rings that are a coast: what runs along the edge of a piece is none.
function coasts(polygons, [[south, west], [north, east]]) {
  const along = ([lat, lng], [lat2, lng2]) => (lng === lng2 && (Math.abs(lng - west) < 0.003 || Math.abs(lng - east) < 0.003))
    || (lat === lat2 && (Math.abs(lat - south) < 0.003 || Math.abs(lat - north) < 0.003));
  const lines = [];
  for (const ring of polygons.flat()) {
    let line = [];
    for (let at = 1; at < ring.length; at += 1) {
      if (along(ring[at - 1], ring[at])) {
        if (line.length) lines.push(line);
        line = [];
      } else {
        if (!line.length) line.push(ring[at - 1]);
        line.push(ring[at]);
      }
    }
    if (line.length) lines.push(line);
  }
  return lines;
}

// A small dot with its name beside it, on a halo of land.
const Town = L.CircleMarker.extend({
  // What is painted anew goes as far as the name.
  _updateBounds() {
    L.CircleMarker.prototype._updateBounds.call(this);
    this._pxBounds.extend(this._point.add([this.options.width + 8, 8])).extend(this._point.subtract([0, 8]));
  },
  _updatePath() {
    const renderer = this._renderer;
    if (!renderer._drawing) return;
    renderer._updateCircle(this);
    const pen = renderer._ctx;
    pen.globalAlpha = 1;
    pen.font = `11px ${getComputedStyle(document.body).fontFamily}`;
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    pen.lineWidth = 3;
    pen.strokeStyle = this.options.halo;
    pen.fillStyle = this.options.fillColor;
    pen.strokeText(this.options.name, this._point.x + 6, this._point.y);
    pen.fillText(this.options.name, this._point.x + 6, this._point.y);
  },
});

const asked = new Map();

function piece(url) {
  if (!asked.has(url)) asked.set(url, fetch(url).then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(url)))).catch(() => { asked.delete(url); return null; }));
  return asked.get(url);
}

class Coast {
  constructor(map, folder) {
    Object.assign(this, { map, folder, pieces: new Set(), parts: [] });
    map.createPane("coast").style.zIndex = 150;
    map.createPane("towns").style.zIndex = 160;
    this.towns = { pane: "towns", renderer: L.canvas({ pane: "towns", padding: 0.1 }), interactive: false, radius: 2, stroke: false, fillOpacity: 1 };
    this.named = L.layerGroup().addTo(map);
    this.known = new Map();
    this.options = { pane: "coast", renderer: L.canvas({ pane: "coast", padding: 0.6 }), interactive: false };
    this.begin();
  }

  async begin() {
    const world = await piece(`${this.folder}world.json`);
    if (!world || !this.map.getContainer().isConnected) return;
    this.cells = new Set(world.cells);
    this.add("", decoded(world), [[-90, -180], [85, 180]], false);
    this.map.on("moveend", () => this.look());
    this.look();
  }

  // Each piece lies on a sheet of sea that covers the coarser world below it.
  add(cell, { land, borders, towns }, frame, sheet) {
    this.known.set(cell, towns);
    const own = (layer, how) => { this.parts.push([layer, how]); layer.setStyle(how()); return layer.addTo(this.map); };
    const plain = { ...this.options, smoothFactor: 1.2 };
    const whole = { ...plain, stroke: false, fillOpacity: 1, fillRule: "evenodd" };
    const filled = own(L.polygon(land, whole), () => ({ fillColor: colour("land") }));
    own(L.polyline(coasts(land, frame), { ...plain, weight: 1 }), () => ({ color: colour("coast") }));
    own(L.polyline(borders, { ...plain, weight: 1, dashArray: "4 4" }), () => ({ color: colour("coast") }));
    if (sheet) {
      const sea = own(L.rectangle(sheet, { ...whole, smoothFactor: 0 }), () => ({ fillColor: colour("sea") }));
      sea.bringToBack();
      this.world.forEach((layer) => layer.bringToBack());
    } else {
      this.world = this.parts.map(([layer]) => layer).reverse();
    }
    this.name();
    return filled;
  }

  // Names of towns, the largest first, as many as have room beside marks; of the pieces in view where there are any, else of the
  // world.
  name() {
    this.named.clearLayers();
    const view = this.map.getBounds();
    const own = this.map.getZoom() >= FINE_FROM && this.cellsInView().map(([cell]) => this.known.get(cell)).filter(Boolean);
    const lists = own?.length ? own : [this.known.get("") || []];
    const pen = this.pen || (this.pen = document.createElement("canvas").getContext("2d"));
    pen.font = `11px ${getComputedStyle(document.body).fontFamily}`;
    const [fillColor, halo] = [colour("ink-3"), colour("land")];
    const corner = this.map.getContainer().getBoundingClientRect();
    const taken = [...this.map.getContainer().querySelectorAll(".map-mark, .map-label:not([hidden])")].map((mark) => {
      const { left, top, right, bottom } = mark.getBoundingClientRect();
      return [left - corner.left, top - corner.top, right - corner.left, bottom - corner.top];
    });
    const marks = [];
    this.map.eachLayer((layer) => {
      if (!(layer instanceof Shape)) return;
      const { x, y } = this.map.latLngToContainerPoint(layer.getLatLng());
      const reach = layer.getRadius() + 2;
      marks.push([x - reach, y - reach, x + reach, y + reach]);
    });
    const meets = (one) => (other) => one[0] < other[2] && one[2] > other[0] && one[1] < other[3] && one[3] > other[1];
    const longest = Math.max(...lists.map((list) => list.length));
    for (let at = 0, most = taken.length + MOST_NAMES; at < longest && taken.length < most; at += 1) {
      for (const [name, place] of lists.map((list) => list[at]).filter((town) => town && view.contains(town[1]))) {
        const { x, y } = this.map.latLngToContainerPoint(place);
        const { width } = pen.measureText(name);
        const box = [x - 12, y - 15, x + width + 16, y + 15];
        // Whole within the map, or not at all.
        if (x + width + 8 > corner.width || y < 7 || y + 7 > corner.height) continue;
        if (taken.some(meets(box)) || marks.some(meets([x - 3, y - 7, x + width + 8, y + 7]))) continue;
        taken.push(box);
        this.named.addLayer(new Town(place, { ...this.towns, name, width, fillColor, halo }));
      }
    }
  }

  cellsInView() {
    const view = this.map.getBounds();
    const low = (value) => Math.floor(value / CELL) * CELL;
    const names = [];
    for (let west = low(view.getWest()); west < view.getEast(); west += CELL) {
      for (let south = low(view.getSouth()); south < view.getNorth(); south += CELL) names.push([`${west}_${south}`, west, south]);
    }
    return names;
  }

  look() {
    if (this.map.getZoom() < FINE_FROM) return;
    const names = this.cellsInView();
    const wanted = names.filter(([name]) => this.cells.has(name) && !this.pieces.has(name));
    if (names.length > MOST_PIECES) return;
    for (const [name, west, south] of wanted) {
      this.pieces.add(name);
      piece(`${this.folder}${name}.json`).then((found) => {
        if (!found) return this.pieces.delete(name);
        const over = 0.05;
        return this.add(name, decoded(found), [[south - over, west - over], [south + CELL + over, west + CELL + over]], [[south, west], [south + CELL, west + CELL]]);
      });
    }
  }

  repaint() {
    for (const [layer, how] of this.parts) layer.setStyle(how());
  }
}

// ---- Shapes on canvas -------------------------------------------------------------------------------------------------

const CORNERS = {
  square: [[-0.85, -0.85], [0.85, -0.85], [0.85, 0.85], [-0.85, 0.85]],
  diamond: [[0, -1.15], [1.15, 0], [0, 1.15], [-1.15, 0]],
  triangle: [[0, -1.15], [1.1, 0.8], [-1.1, 0.8]],
};

// A circle marker that may have another shape and a word in it: `shape`, `word`.
const Shape = L.CircleMarker.extend({
  _updatePath() {
    const renderer = this._renderer;
    const corners = CORNERS[this.options.shape];
    if (!renderer._drawing || this._empty()) return;
    if (corners) {
      const pen = renderer._ctx;
      pen.beginPath();
      corners.forEach(([x, y], at) => pen[at ? "lineTo" : "moveTo"](this._point.x + x * this._radius, this._point.y + y * this._radius));
      pen.closePath();
      renderer._fillStroke(pen, this);
    } else {
      renderer._updateCircle(this);
    }
    if (!this.options.word) return;
    const pen = renderer._ctx;
    pen.globalAlpha = 1;
    pen.fillStyle = this.options.wordColour;
    pen.font = `600 12px ${getComputedStyle(document.body).fontFamily}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(this.options.word, this._point.x, this._point.y + 0.5);
  },
});

// ---- Points and routes ------------------------------------------------------------------------------------------------

// From place to place in a slight bow, as nobody knows the road.
const Bow = L.Polyline.extend({
  _updatePath() {
    const renderer = this._renderer;
    if (!renderer._drawing || !this._parts.length) return;
    const pen = renderer._ctx;
    pen.beginPath();
    for (const part of this._parts) {
      part.forEach((point, at) => {
        if (!at) return pen.moveTo(point.x, point.y);
        const before = part[at - 1];
        return pen.quadraticCurveTo((before.x + point.x) / 2 + (before.y - point.y) * 0.12, (before.y + point.y) / 2 + (point.x - before.x) * 0.12, point.x, point.y);
      });
    }
    renderer._fillStroke(pen, this);
  },
});

function markerElement(point) {
  const mark = make("span", { class: `map-mark map-${point.kind}${point.colour ? ` map-in-${point.colour}` : ""}` });
  if (point.number !== undefined && point.number !== null) mark.textContent = point.number;
  const whole = make("span", { class: "map-point" });
  whole.append(mark);
  if (point.label && point.kind !== "customer") whole.append(make("span", { class: "map-label" }, point.label));
  return whole;
}

function card(point) {
  const box = make("div", { class: "map-card" });
  const name = make(point.href ? "a" : "b", { class: "strong", href: point.href }, point.label);
  box.append(name);
  if (point.note) box.append(make("p", { class: "note" }, point.note));
  for (const action of point.actions || []) box.append(make("a", { class: "btn btn-plain btn-sm", href: action.href, "data-panel": action.panel ? "" : undefined }, action.label));
  return box;
}

// Labels stand below their mark, else above, right or left of it, whole within the map; one for which there is no room waits
// for a nearer view.
function placeLabels(figure) {
  const frame = figure.getBoundingClientRect();
  const marks = [...figure.querySelectorAll(".map-mark")].map((mark) => mark.getBoundingClientRect());
  const taken = [...marks];
  for (const label of figure.querySelectorAll(".map-label")) {
    const own = label.parentElement.firstElementChild.getBoundingClientRect();
    label.hidden = false;
    const free = ["below", "above", "right", "left"].some((side) => {
      label.dataset.side = side;
      const box = label.getBoundingClientRect();
      if (box.left < frame.left || box.right > frame.right || box.top < frame.top || box.bottom > frame.bottom) return false;
      const meets = (other) => other.left < box.right && other.right > box.left && other.top < box.bottom && other.bottom > box.top;
      if (taken.some((other) => (other.left !== own.left || other.top !== own.top) && meets(other))) return false;
      taken.push(box);
      return true;
    });
    label.hidden = !free;
  }
}

class Drawing {
  constructor(figure) {
    this.figure = figure;
    this.place = figure.querySelector(".map-place");
    this.words = figure.dataset;
    this.layers = [];
    this.map = this.open();
    if (this.words.mapTiles) L.tileLayer(this.words.mapTiles, { maxZoom: 19, attribution: make("i", {}, this.words.mapCredit).innerHTML, referrerPolicy: "strict-origin" }).addTo(this.map);
    this.map.on("zoomend moveend", () => this.label());
    this.map.on("click", (event) => this.tell("map:place", { latitude: event.latlng.lat, longitude: event.latlng.wrap().lng }));
    this.show(JSON.parse(figure.querySelector(":scope > template").content.textContent));
    this.coast = new Coast(this.map, this.words.mapCoast);
    this.empty = !this.place.clientWidth;
    new ResizeObserver(() => this.measure()).observe(this.place);
  }

  open() {
    const moving = !still.matches;
    const map = L.map(this.place, {
      zoomControl: false, attributionControl: false, scrollWheelZoom: false, dragging: !L.Browser.mobile, touchZoom: true, worldCopyJump: true,
      zoomAnimation: moving, fadeAnimation: moving, markerZoomAnimation: moving, inertia: moving, minZoom: 1, maxZoom: this.words.mapTiles ? 19 : MOST_CLOSE,
      maxBounds: [[-85, -540], [85, 540]], zoomSnap: 0.5, keyboardPanDelta: 90,
    });
    L.control.attribution({ prefix: false }).addAttribution(this.words.mapCoastCredit).addTo(map);
    L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 100 }).addTo(map);
    L.control.zoom({ position: "topright", zoomInTitle: this.words.mapIn, zoomOutTitle: this.words.mapOut }).addTo(map);
    // The wheel turns the page; with Ctrl (or a pinch on a touchpad, which says the same) it zooms.
    this.place.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey && !this.figure.classList.contains("map-large")) return this.hint(this.words.mapHintWheel);
      event.preventDefault();
      return map.setZoomAround(map.mouseEventToContainerPoint(event), map.getZoom() - Math.sign(event.deltaY) * 0.5);
    }, { passive: false });
    let from = null;
    this.place.addEventListener("touchstart", (event) => { from = event.touches.length === 1 ? event.touches[0] : null; }, { passive: true });
    this.place.addEventListener("touchmove", (event) => {
      if (from && event.touches.length === 1 && !map.dragging.enabled() && Math.hypot(event.touches[0].clientX - from.clientX, event.touches[0].clientY - from.clientY) > 24) this.hint(this.words.mapHintTouch);
    }, { passive: true });
    for (const [what, act] of Object.entries({ fit: () => this.fit(), large: () => this.large() })) {
      this.figure.querySelector(`[data-map-do=${what}]`)?.addEventListener("click", act);
    }
    this.figure.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.figure.classList.contains("map-large")) {
        event.stopPropagation();
        this.large();
      }
    });
    return map;
  }

  hint(text, after = 1600) {
    const box = this.figure.querySelector(".map-hint");
    if (!box || !text) return;
    box.textContent = text;
    box.hidden = false;
    clearTimeout(this.hiding);
    if (after) this.hiding = setTimeout(() => { box.hidden = true; }, after);
  }

  // Over the whole window, where one finger moves the map.
  large() {
    const on = this.figure.classList.toggle("map-large");
    const button = this.figure.querySelector("[data-map-do=large]");
    button.setAttribute("aria-expanded", String(on));
    document.documentElement.classList.toggle("has-large-map", on);
    this.map.dragging[on || !L.Browser.mobile ? "enable" : "disable"]();
    this.map.invalidateSize();
    if (!on) button.focus();
  }

  tell(name, detail) {
    return this.figure.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, cancelable: true }));
  }

  show(data) {
    const first = !this.data;
    this.data = data;
    if (first || data.fit) this.fit(false);
    this.redraw();
    this.label();
  }

  redraw() {
    this.map.closePopup();
    this.layers.forEach((layer) => layer.remove());
    this.layers = [];
    for (const route of this.data.routes || []) this.route(route);
    for (const point of this.data.bases || []) this.marker({ kind: "base", ...point });
    const points = this.data.points || [];
    const canvas = points.filter((point) => point.kind === "customer");
    for (const point of canvas) this.shape(point, this.drawn());
    for (const point of points) if (point.kind !== "customer") this.marker({ kind: "stop", ...point });
  }

  // What was folded away has no size at first: what is to be seen is worked out once it has one.
  measure() {
    this.map.invalidateSize({ pan: false });
    if (!this.empty || !this.place.clientWidth) return;
    this.empty = false;
    this.fit(false);
    this.label();
  }

  label() {
    placeLabels(this.place);
    this.coast?.name();
  }

  drawn() {
    this.canvas = this.canvas || L.canvas({ padding: 0.3, tolerance: 6 });
    return this.canvas;
  }

  route({ path, active = true, colour: name = "accent", straight = false }) {
    const how = active ? { color: colour(name), weight: 3 } : { color: colour("line-2"), weight: 1.6, dashArray: "2 5" };
    const line = { ...how, interactive: false, lineCap: "round", smoothFactor: 0, noClip: true, renderer: this.drawn() };
    this.layers.push((straight ? L.polyline(path, line) : new Bow(path, line)).addTo(this.map));
  }

  marker(point) {
    const icon = L.divIcon({ html: markerElement(point), className: "map-icon", iconSize: [0, 0] });
    const quiet = point.kind === "dot";
    const marker = L.marker(point.at, { icon, keyboard: !quiet, interactive: !quiet, zIndexOffset: { stop: 200, base: 100 }[point.kind] || 0 }).addTo(this.map);
    if (!quiet) {
      const said = [point.number, point.label, point.note].filter((part) => part !== undefined && part !== null && part !== "").join(", ");
      marker.getElement().setAttribute("aria-label", said);
      marker.on("click", () => this.press(point, marker));
    }
    this.layers.push(marker);
  }

  shape(point, renderer) {
    const mark = new Shape(point.at, { renderer, radius: point.radius || 6, shape: point.shape, fillColor: colour(point.colour || "accent"), fillOpacity: 1, color: colour(point.edge || "surface"), weight: point.edge ? 2 : 1.2 });
    mark.on("click", (event) => {
      L.DomEvent.stopPropagation(event);
      this.press(point, mark);
    });
    this.layers.push(mark.addTo(this.map));
  }

  press(point, layer) {
    if (!this.tell("map:point", point)) return;
    L.popup({ closeButton: false, offset: [0, -8], maxWidth: 260, autoPanPadding: [12, 12] }).setLatLng(layer.getLatLng()).setContent(card(point)).openOn(this.map);
  }

  fit(moving = !still.matches) {
    const { frame, points = [], bases = [], routes = [] } = this.data;
    const places = frame || [...points, ...bases].map((point) => point.at).concat(...routes.filter((route) => route.active !== false).map((route) => route.path));
    if (!places.length) return this.map.setView([30, 10], 2, { animate: false });
    return this.map.fitBounds(L.latLngBounds(places), { padding: [ROOM_FOR_NAMES, 44], maxZoom: 11, animate: moving });
  }

  repaint() {
    this.coast.repaint();
    this.redraw();
    this.label();
  }
}

// For the modules of pages that add to a map.
window.Maps = { colour, Shape, make, still, drawingOf: (figure) => known.get(figure) };

function visit(root) {
  for (const [figure, drawing] of known) {
    if (figure.isConnected) continue;
    drawing.map.remove();
    known.delete(figure);
  }
  for (const figure of root.querySelectorAll("figure[data-map]")) if (!known.has(figure)) known.set(figure, new Drawing(figure));
}

document.addEventListener("map:data", (event) => known.get(event.target)?.show(event.detail));
document.addEventListener("htmx:afterSettle", () => visit(document));
dark.addEventListener("change", () => known.forEach((drawing) => drawing.repaint()));
visit(document);
