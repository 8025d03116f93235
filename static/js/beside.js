// Links with data-beside open in the part of the page that is kept for them, where the window is wide enough to show it; the
// first of them by itself. Else they are followed, or open in the panel. What is sent from there answers there, and the list
// with its counts is asked for anew around it: its filters, and where one was in it, stay.

const part = document.getElementById("beside");
const links = () => [...document.querySelectorAll("a[data-beside]")];
let shown = null;

function mark() {
  for (const each of links()) {
    if (each.getAttribute("href") === shown) each.setAttribute("aria-current", "true");
    else each.removeAttribute("aria-current");
  }
}

async function open(link, byHand) {
  shown = link.getAttribute("href");
  mark();
  await window.htmx.ajax("GET", shown, { target: "#beside", swap: "innerHTML" });
  part.scrollTop = 0;
  if (byHand) part.focus({ preventScroll: true });
}

function bind() {
  for (const form of part.querySelectorAll("form[method=post i]:not([hx-post])")) {
    form.setAttribute("hx-post", form.getAttribute("action"));
    form.setAttribute("hx-target", "#beside");
    form.setAttribute("hx-swap", "innerHTML");
    window.htmx.process(form);
  }
}

async function renew() {
  const how = { target: "#results", select: "#results", swap: "outerHTML", selectOOB: "#counts,#pages" };
  await window.htmx.ajax("GET", location.pathname + location.search, how);
  mark();
}

if (part && window.htmx) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-beside]");
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !plain || !part.checkVisibility()) return;
    event.preventDefault();
    // What is open stays as it is, and with it what was typed there.
    if (link.hasAttribute("aria-current")) part.focus({ preventScroll: true });
    else open(link, true);
  });
  part.addEventListener("htmx:afterSwap", (event) => {
    if (event.target !== part) return;
    bind();
    if (event.detail.requestConfig.verb === "post" && event.detail.xhr.status !== 422) renew();
  });
  const [first] = links();
  if (first && part.checkVisibility()) open(first, false);
}
