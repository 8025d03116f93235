// [data-pick="LATITUDE LONGITUDE"], names of two fields of the same form: a press on its map fills them, and what is typed is shown.

const { Maps } = window;

class Pick {
  constructor(box) {
    box.hidden = false;
    const form = box.closest("form");
    this.fields = box.dataset.pick.split(" ").map((name) => form.elements[name]);
    this.figure = box.querySelector("figure[data-map]");
    this.drawing = Maps.drawingOf(this.figure);
    this.frame = this.drawing.data.frame;
    this.figure.addEventListener("map:place", (event) => this.set(event.detail));
    for (const field of this.fields) field.addEventListener("input", () => this.show());
    box.querySelector("[data-pick-middle]").addEventListener("click", () => {
      const middle = this.drawing.map.getCenter().wrap();
      this.set({ latitude: middle.lat, longitude: middle.lng });
    });
    box.querySelector("[data-pick-none]").addEventListener("click", () => this.fill(["", ""]));
    this.show(true);
  }

  set({ latitude, longitude }) {
    this.fill([latitude.toFixed(5), longitude.toFixed(5)]);
  }

  fill(values) {
    this.filling = true;
    this.fields.forEach((field, at) => {
      field.value = values[at];
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    this.filling = false;
    this.show();
  }

  show(fit = false) {
    if (this.filling) return;
    const [latitude, longitude] = this.fields.map((field) => (field.value.trim() === "" ? NaN : Number(field.value.replace(",", "."))));
    const known = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
    const points = known ? [{ at: [latitude, longitude], kind: "stop", label: "", note: `${latitude}, ${longitude}` }] : [];
    const away = known && !this.drawing.map.getBounds().contains([latitude, longitude]);
    this.drawing.show({ points, frame: known ? undefined : this.frame, fit: (fit && (known || Boolean(this.frame))) || away });
  }
}

function visit() {
  for (const box of document.querySelectorAll("[data-pick][hidden]")) new Pick(box);
}

document.addEventListener("htmx:afterSettle", visit);
visit();
