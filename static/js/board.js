// The board of orders: a card is dragged with the mouse, with a finger (held for a moment, so that the page still
// scrolls), or moved with Shift and an arrow key on its "Move". Dropped, it posts what the menu of the card posts.

const HOLD = 220;
const bound = new WeakSet();

function send(card, to) {
  const form = document.getElementById("board-move");
  const base = document.querySelector("[data-board]").dataset.board;
  form.action = `${base}${card.dataset.move}/move/${form.dataset.query}`;
  form.elements.to.value = to;
  form.elements.version.value = card.dataset.version;
  form.submit();
}

// Winning and losing ask for more than a place: their forms open, the card goes back to where it was.
function end(card, from, before, how) {
  from.insertBefore(card, before);
  const base = document.querySelector("[data-board]").dataset.board;
  document.dispatchEvent(new CustomEvent("panel:open", { detail: { url: `${base}${card.dataset.move}/${how}/` } }));
}

function bind(list) {
  if (bound.has(list)) return;
  bound.add(list);
  let before = null;
  window.Sortable.create(list, {
    group: { name: "orders", put: list.dataset.to !== "" },
    draggable: "[data-move]",
    sort: false,
    animation: window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
    forceFallback: true,
    fallbackOnBody: true,
    fallbackTolerance: 4,
    delay: HOLD,
    delayOnTouchOnly: true,
    touchStartThreshold: 8,
    scrollSensitivity: 80,
    scrollSpeed: 14,
    emptyInsertThreshold: 24,
    ghostClass: "deal-ghost",
    chosenClass: "deal-chosen",
    dragClass: "deal-dragged",
    onStart: (event) => {
      before = event.item.nextElementSibling;
      document.body.classList.add("is-dragging");
    },
    onEnd: (event) => {
      document.body.classList.remove("is-dragging");
      if (event.to === event.from) return;
      if (event.to.dataset.end) end(event.item, event.from, before, event.to.dataset.end);
      else send(event.item, event.to.dataset.to);
    },
  });
}

function start() {
  if (window.Sortable) document.querySelectorAll(".deals").forEach(bind);
}

document.addEventListener("keydown", (event) => {
  if (!event.shiftKey || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
  const card = event.target.closest?.(".deal-move")?.closest("[data-move]");
  if (!card) return;
  const places = [...document.querySelectorAll(".deals[data-to]")].filter((list) => list.dataset.to || list.contains(card));
  const next = places[places.indexOf(card.parentElement) + (event.key === "ArrowRight" ? 1 : -1)];
  event.preventDefault();
  if (next?.dataset.to) send(card, next.dataset.to);
});

// A long press on a link would open the browser's own menu and end the drag.
document.addEventListener("contextmenu", (event) => {
  if (document.body.classList.contains("is-dragging")) event.preventDefault();
});
document.addEventListener("htmx:afterSettle", start);
start();
