// The map of a proposal: customers by person, before and after. The points of a side are fetched when it is looked at; who is
// not ticked stays.
const box = document.querySelector("[data-territories]");
const figure = box?.querySelector("figure[data-map]");
const moves = document.querySelector("#moves");
const told = new Map();
let fitted = false;

function asTicked(data) {
  const boxes = [...(moves?.querySelectorAll("input[name=rows]") || [])];
  if (!boxes.length) return data;
  const ticked = new Set(boxes.filter((one) => one.checked).flatMap((one) => one.value.split(" ")));
  return { ...data, points: data.points.map((point) => (point.move && !ticked.has(String(point.move)) ? { ...point, ...point.stays } : point)) };
}

async function show(button) {
  const url = button.dataset.side;
  for (const each of box.querySelectorAll("[data-side]")) each.setAttribute("aria-pressed", String(each === button));
  if (!told.has(url)) {
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    told.set(url, await answer.json());
  }
  figure.dispatchEvent(new CustomEvent("map:data", { detail: { ...asTicked(told.get(url)), fit: !fitted }, bubbles: true }));
  fitted = true;
}

if (figure) {
  moves?.addEventListener("change", () => show(box.querySelector("[data-side][aria-pressed=true]")));
  for (const button of box.querySelectorAll("[data-side]")) button.addEventListener("click", () => show(button));
  document.addEventListener("DOMContentLoaded", () => show(box.querySelector("[data-side][aria-pressed=true]")));
  if (document.readyState === "complete") show(box.querySelector("[data-side][aria-pressed=true]"));
}
