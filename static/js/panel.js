// Links with data-panel open beside the page (on a phone only those with data-panel="always", the others are followed). Cells of
// a heat map always do, and do not say so: there are a hundred of them on a page.
// The dialog keeps the focus, Escape closes it, the focus goes back to the link.

const panel = document.getElementById("panel");
const content = document.getElementById("panel-content");
const opening = "a[data-panel], a.load";
const phone = window.matchMedia("(max-width: 767.98px)");
let chosen = null;
let before = null;

// `link`: what opened it from the page; null for what a script opens. Pages that follow one another in the panel keep the first.
function open(url, link) {
  if (!panel.open) {
    mark(false);
    chosen = link;
    before = waiting(document.activeElement === document.body ? link : document.activeElement);
  }
  panel.dataset.url = url;
  window.htmx.ajax("GET", url, { target: "#panel-content", swap: "innerHTML" });
}

function mark(on) {
  if (chosen?.classList.contains("load")) chosen.classList.toggle("chosen", on);
}

// Who gets the focus back: of a menu, which closes, its button.
function waiting(element) {
  const menu = element?.closest("details.menu[open]");
  if (!menu || element.matches("summary")) return element;
  menu.open = false;
  return menu.querySelector("summary");
}

function show() {
  if (!panel.open) {
    panel.showModal();
    mark(true);
    document.dispatchEvent(new CustomEvent("dialog:moved"));
  }
  panel.scrollTop = 0;
}

// What is wrong, else what is to be typed first, else the button that closes. Only once the part is settled: until then its
// fields have what they had before they were answered.
function begin() {
  const seen = (what) => [...content.querySelectorAll(what)].find((element) => element.checkVisibility());
  (seen(".is-invalid") || seen("[autofocus]") || seen("[data-panel-close]"))?.focus();
}

// Forms of the panel answer into the panel; where they are told to go, the whole window goes.
function bind(root) {
  for (const form of root.querySelectorAll("form[method=post i]:not([hx-post])")) {
    form.setAttribute("hx-post", form.getAttribute("action") || panel.dataset.url);
    form.setAttribute("hx-target", "#panel-content");
    form.setAttribute("hx-swap", "innerHTML");
    window.htmx.process(form);
  }
}

// Tabs, segments and links that only change the query belong to the page in the panel, so they stay there.
function within(target) {
  const link = target.closest("#panel-content a[href]");
  return link?.matches('[href^="?"], .tabs > a, .segments > a') ? link : null;
}

if (panel) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest(opening) || within(event.target);
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !plain || event.defaultPrevented || !window.htmx) return;
    const inside = content.contains(link);
    if (phone.matches && !inside && !link.matches('[data-panel="always"], .load')) return;
    event.preventDefault();
    const url = new URL(link.getAttribute("href"), inside ? new URL(panel.dataset.url, location.href) : location.href);
    open(url.pathname + url.search, inside ? null : link);
  });
  document.addEventListener("panel:open", (event) => open(event.detail.url, null));
  content.addEventListener("htmx:afterSwap", (event) => {
    if (event.target !== content) return;
    bind(content);
    show();
  });
  content.addEventListener("htmx:afterSettle", (event) => { if (event.target === content) begin(); });
  panel.addEventListener("click", (event) => {
    if (event.target.closest("[data-panel-close]")) panel.close();
    if (event.target !== panel) return;
    const box = panel.getBoundingClientRect();
    if (event.clientX >= box.left && event.clientX <= box.right) return;
    panel.close();
    document.elementFromPoint(event.clientX, event.clientY)?.closest(opening)?.click();
  });
  panel.addEventListener("close", () => {
    mark(false);
    content.replaceChildren();
    document.dispatchEvent(new CustomEvent("dialog:moved"));
    before?.focus();
  });
}
