// Where htmx puts a part of the page anew, the focus stays: at what is wrong in an answered form, else at what had it, else
// at the part itself. Whoever works by keyboard would otherwise begin at the top again.

const ROW = "a[href], button, input, select, textarea, summary, [tabindex]";
let held = null;

function marks(element) {
  const form = element.closest("form");
  return {
    id: element.id,
    tag: element.tagName,
    name: element.getAttribute("name"),
    value: element.getAttribute("value"),
    href: element.getAttribute("href"),
    words: element.getAttribute("aria-label") || element.textContent.trim(),
    action: form?.getAttribute("action"),
  };
}

const alike = (one, other) => Object.keys(one).every((key) => one[key] === other[key]);

document.addEventListener("htmx:beforeSwap", (event) => {
  const focused = document.activeElement;
  if (focused && focused !== document.body && event.detail.target?.contains(focused)) held = marks(focused);
});

document.addEventListener("htmx:afterSettle", (event) => {
  const was = held;
  held = null;
  const focused = document.activeElement;
  if (!was || (focused && focused !== document.body && focused.checkVisibility())) return;
  const part = event.detail.elt?.isConnected ? event.detail.elt : event.detail.target;
  if (!part) return;
  const wrong = [...part.querySelectorAll(".is-invalid")].find((field) => field.checkVisibility());
  const same = [...part.querySelectorAll(ROW)].find((each) => alike(was, marks(each)));
  const next = wrong || same || part;
  if (next === part && !part.matches(ROW)) part.tabIndex = -1;
  next.focus();
});
