// My week: a visit is dragged within its day's list, onto a day of the strip or of the calendar's head, or to another place in
// the calendar. Where it went is sent like the form of its menu; the server answers with what that changes.

const form = document.getElementById("week-move");

function send(stop, day, place) {
  if (!form || !day) return;
  form.action = `${form.dataset.base}stops/${stop}/move/`;
  form.elements.day.value = day;
  form.elements.place.value = place ?? "";
  form.requestSubmit();
}

function under(event) {
  const at = event.changedTouches?.[0] ?? event;
  return document.elementsFromPoint(at.clientX, at.clientY);
}

function drop(event) {
  const original = event.originalEvent;
  const stop = event.item.dataset.stop;
  const head = original && under(original).map((element) => element.closest("[data-drop]")).find(Boolean);
  if (head) return send(stop, head.dataset.drop);
  const column = original && under(original).map((element) => element.closest("[data-day]")).find(Boolean);
  if (column) {
    const at = (original.changedTouches?.[0] ?? original).clientY;
    const before = [...column.querySelectorAll("[data-stop]")].filter((each) => each.dataset.stop !== stop && each.getBoundingClientRect().top < at);
    return send(stop, column.dataset.day, before.length);
  }
  if (event.to.dataset.stops && event.oldIndex !== event.newIndex) send(stop, event.to.dataset.stops, event.newIndex);
  return undefined;
}

function start() {
  // The first look at a week has it planned: asked for by the page, since looking alone changes nothing.
  document.querySelector("form[data-send]")?.requestSubmit();
  if (!window.Sortable || !form) return;
  document.querySelectorAll("[data-stops]").forEach((list) => {
    window.Sortable.create(list, { draggable: ".stop", forceFallback: true, fallbackTolerance: 6, delay: 250, delayOnTouchOnly: true, filter: ".menu, a.btn", preventOnFilter: false, onEnd: drop });
  });
  document.querySelectorAll("[data-day]").forEach((list) => {
    window.Sortable.create(list, { draggable: ".cal-visit", forceFallback: true, fallbackTolerance: 6, sort: false, group: "calendar", onEnd: drop });
  });
}

// The form that moves a visit offers only the places that the chosen day has.
function places(form) {
  const counts = JSON.parse(form.dataset.places);
  const most = counts[form.elements.day.value] || 0;
  const place = form.elements.place;
  for (const option of place.options) option.hidden = option.disabled = option.value !== "" && Number(option.value) >= most;
  if (place.selectedOptions[0]?.disabled) place.value = "";
}

function offer() {
  document.querySelectorAll("form[data-places]").forEach(places);
}

document.addEventListener("change", (event) => {
  const own = event.target.closest("form[data-places]");
  if (own && event.target.name === "day") places(own);
});
document.addEventListener("htmx:afterSettle", offer);
document.addEventListener("DOMContentLoaded", start);
if (document.readyState !== "loading") start();
