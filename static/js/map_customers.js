// [data-customer-map="URL of the points"]: fills its map with customers, near ones as a circle with their number.
// Points come as columns (planning.queries.customer_map); what a press opens is asked of the server. Many come coarsely at
// first: what is seen nearer by is asked for when it is.

const { L, Maps, Supercluster } = window;
const COARSE_TO = 8; // zoom up to which coarse points are near enough
const DEEPEST = 11; // zoom up to which near ones are one circle
const MOST_ON_CARD = 20;
const REACH = 8; // pixels
const COLOURS = ["accent", "c2", "c3", "c5", "danger"];
const SHAPES = ["circle", "square", "triangle", "diamond"];
const COLUMNS = { tier: "tier", person: "who", due: "due" };
const NAMED = COLOURS.length * SHAPES.length;
const SIZES = { circle: 6, ring: 5, square: 6, triangle: 6.5, diamond: 6 };
const OUTLINES = { ring: "M-5 0A5 5 0 1 0 5 0A5 5 0 1 0-5 0ZM-2.6 0A2.6 2.6 0 1 1 2.6 0A2.6 2.6 0 1 1-2.6 0Z", circle: "M-6 0A6 6 0 1 0 6 0A6 6 0 1 0-6 0Z", square: "M-5-5H5V5H-5Z", triangle: "M0-7 6 5H-6Z", diamond: "M0-7 7 0 0 7-7 0Z" };

function added(steps) {
  let sum = 0;
  return steps.map((step) => (sum += step));
}

const short = (n) => (n < 1000 ? String(n) : `${(n / 1000).toFixed(n < 10000 ? 1 : 0)}k`);

class CustomerMap {
  constructor(root) {
    this.root = root;
    this.figure = root.querySelector("figure[data-map]");
    this.drawing = Maps.drawingOf(this.figure);
    this.map = this.drawing.map;
    this.by = document.querySelector("[data-map-by] input:checked")?.value || "tier";
    this.layer = L.layerGroup().addTo(this.map);
    this.renderer = L.canvas({ padding: 0.3, tolerance: 6 });
    this.load();
  }

  async load() {
    this.figure.setAttribute("aria-busy", "true");
    try {
      this.whole = this.taken(await this.asked());
    } catch {
      this.drawing.hint(this.root.dataset.failed, 0);
      return;
    } finally {
      this.figure.removeAttribute("aria-busy");
    }
    this.use(this.whole);
    this.legendOfPeople();
    this.root.querySelector(".map-legend").hidden = false;
    this.map.on("moveend", () => this.draw());
    document.querySelector("[data-map-by]")?.addEventListener("change", (event) => this.mark(event.target.value));
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    this.mark(this.by, false);
  }

  async asked(frame) {
    const address = new URL(this.root.dataset.customerMap, location.href);
    address.searchParams.set("by", this.by);
    if (frame) address.searchParams.set("frame", [frame.getSouth(), frame.getWest(), frame.getNorth(), frame.getEast()].map((part) => part.toFixed(4)));
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.status);
    return answer.json();
  }

  // Points by place, near ones as one.
  taken(answer) {
    const data = { tier: [], who: [], due: [], people: [], ...answer, pk: added(answer.pk), lat: added(answer.lat), lng: added(answer.lng) };
    const index = new Supercluster({
      radius: 46, maxZoom: DEEPEST, minPoints: 3, map: ({ at }) => ({ late: data.due[at] === 3 ? 1 : 0 }), reduce: (sum, one) => { sum.late += one.late; },
    });
    index.load(data.lat.map((lat, at) => ({
      type: "Feature", properties: { at }, geometry: { type: "Point", coordinates: [data.lng[at] / data.steps, lat / data.steps] },
    })));
    return { data, index, coarse: data.lat.length > data.pk.length };
  }

  use(part) {
    Object.assign(this, part);
  }

  // What is drawn: all, or what is near by once that is there.
  choose() {
    if (!this.whole.coarse || this.map.getZoom() <= COARSE_TO) return this.use(this.whole);
    const view = this.map.getBounds();
    if (this.near?.frame.contains(view) && this.near.by === this.by) return this.use(this.near);
    this.use(this.whole);
    return this.fetchNear(view.pad(0.5));
  }

  async fetchNear(frame) {
    const by = this.by;
    this.asking = frame;
    const answer = await this.asked(frame).catch(() => null);
    if (!answer || this.asking !== frame) return;
    // Owners keep the marks that they have in the whole.
    const { people } = this.whole.data;
    answer.who = answer.who.map((at) => (at < 0 ? at : people.indexOf(answer.people[at])));
    this.near = { ...this.taken({ ...answer, people }), frame, by };
    this.draw();
  }

  // The first owners have a mark of their own each, most customers first; all others share one.
  legendOfPeople() {
    const list = this.root.querySelector("[data-legend=person]");
    const { people, who, tier } = this.whole.data;
    const marks = people.slice(0, NAMED).map((name, at) => [name, COLOURS[at % COLOURS.length], SHAPES[Math.floor(at / COLOURS.length)]]);
    if (people.length > NAMED) marks.push([list.dataset.others, "c4", "circle"]);
    if (who.includes(-1)) marks.push([list.dataset.nobody, "line-2", "ring"]);
    list.replaceChildren(...marks.map(([name, colour, shape]) => {
      const item = Maps.make("li", { "data-colour": colour, "data-shape": shape });
      item.append(` ${name}`);
      return item;
    }));
    for (const item of this.root.querySelectorAll("[data-legend] li")) {
      item.querySelector("svg")?.remove();
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      for (const [name, value] of Object.entries({ class: `map-key map-ink-${item.dataset.colour}`, viewBox: "-8 -8 16 16", "aria-hidden": "true" })) svg.setAttribute(name, value);
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", OUTLINES[item.dataset.shape]);
      svg.append(path);
      item.prepend(svg);
    }
    this.root.querySelector("[data-no-tier]").hidden = !tier.includes(-1);
  }

  async mark(by, told = true) {
    this.by = by;
    if (!this.whole.data[COLUMNS[by]].length) await this.reload();
    if (by !== this.by) return;
    for (const list of this.root.querySelectorAll("[data-legend]")) list.hidden = list.dataset.legend !== by;
    this.marks = [...this.root.querySelectorAll(`[data-legend=${by}] li`)].map((item) => [Maps.colour(item.dataset.colour), item.dataset.shape, item.dataset.colour]);
    if (told) {
      const address = new URL(location.href);
      address.searchParams.set("by", by);
      history.replaceState(history.state, "", address);
      for (const form of document.querySelectorAll("form[method=get]")) {
        const field = form.querySelector("input[type=hidden][name=by]") || form.appendChild(Maps.make("input", { type: "hidden", name: "by" }));
        field.value = by;
      }
    }
    this.draw();
  }

  async reload() {
    const { by } = this;
    const answer = await this.asked().catch(() => null);
    if (by !== this.by) return undefined;
    if (!answer) return this.drawing.hint(this.root.dataset.failed);
    this.whole = this.taken(answer);
    return this.legendOfPeople();
  }

  markOf(at) {
    const { tier, who, due, people } = this.data;
    const last = this.marks[this.marks.length - 1];
    if (this.by === "due") return this.marks[due[at]] || last;
    if (this.by === "tier") return tier[at] < 0 ? last : this.marks[Math.min(tier[at], this.marks.length - 2)];
    return who[at] < 0 ? last : this.marks[Math.min(who[at], Math.min(people.length, NAMED + 1) - 1)] || last;
  }

  draw() {
    this.choose();
    this.layer.clearLayers();
    this.singles = [];
    const view = this.map.getBounds().pad(0.15);
    const found = this.index.getClusters([view.getWest(), view.getSouth(), view.getEast(), view.getNorth()], Math.floor(this.map.getZoom()));
    const [surface, ink, accent, danger] = ["surface", "ink", "accent", "danger"].map(Maps.colour);
    for (const { properties, geometry, id } of found) {
      const place = [geometry.coordinates[1], geometry.coordinates[0]];
      if (properties.cluster) {
        const n = properties.point_count;
        const late = this.by === "due" && properties.late;
        const circle = new Maps.Shape(place, {
          renderer: this.renderer, radius: Math.min(30, 11 + Math.log2(n) * 1.6) + (late ? 4 : 0), fillColor: surface, fillOpacity: 1, color: late ? danger : accent, weight: late ? 3 : 2,
          word: late ? `${short(late)}/${short(n)}` : short(n), wordColour: ink,
        });
        this.layer.addLayer(circle.on("click", (event) => { L.DomEvent.stopPropagation(event); this.nearer(id, place); }));
      } else {
        const [color, shape] = this.markOf(properties.at);
        const point = new Maps.Shape(place, { renderer: this.renderer, radius: SIZES[shape], shape, fillOpacity: 1, ...(shape === "ring" ? { fillColor: surface, color, weight: 2 } : { fillColor: color, color: surface, weight: 1.5 }) });
        this.layer.addLayer(point.on("click", (event) => { L.DomEvent.stopPropagation(event); this.open(this.under(place), place); }));
        this.singles.push([properties.at, this.map.latLngToContainerPoint(place)]);
      }
    }
    this.drawing.coast?.name();
  }

  // A circle opens into what it holds; where all of that is at one place, into cards.
  nearer(cluster, place) {
    const zoom = this.index.getClusterExpansionZoom(cluster);
    if (zoom <= this.map.getMaxZoom() && zoom <= DEEPEST) return this.map.flyTo(place, zoom, { animate: !Maps.still.matches, duration: 0.3 });
    const leaves = this.index.getLeaves(cluster, MOST_ON_CARD).map((leaf) => this.data.pk[leaf.properties.at]);
    return this.map.getZoom() < DEEPEST && !this.coarse ? this.map.setView(place, DEEPEST + 1) : this.open(leaves, place);
  }

  // Marks that lie on one another are pressed as one.
  under(place) {
    const point = this.map.latLngToContainerPoint(place);
    const near = this.singles.filter(([, other]) => point.distanceTo(other) <= REACH).sort((one, other) => point.distanceTo(one[1]) - point.distanceTo(other[1]));
    return near.slice(0, MOST_ON_CARD).map(([at]) => this.data.pk[at]);
  }

  async open(pks, place) {
    if (this.coarse) {
      this.map.setView(place, Math.max(this.map.getZoom(), COARSE_TO) + 1);
      return;
    }
    const answer = await fetch(`${this.root.dataset.cards}?${new URLSearchParams(pks.map((pk) => ["id", pk]))}`);
    if (!answer.ok) return;
    const box = Maps.make("div");
    box.innerHTML = await answer.text();
    const popup = L.popup({ closeButton: false, offset: [0, -4], maxWidth: 280, maxHeight: 260, autoPanPadding: [12, 12] }).setLatLng(place).setContent(box);
    popup.openOn(this.map);
  }
}

for (const root of document.querySelectorAll("[data-customer-map]")) new CustomerMap(root);
