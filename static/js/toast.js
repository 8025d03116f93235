// What was done is said for 8 seconds, longer while it has the focus or the pointer; what failed stays until closed,
// or until trying again worked. Also says so when htmx could not reach the server or was refused.

const SECONDS = 8;
const region = document.getElementById("toasts");
const words = document.getElementById("words").dataset;

function start(toast) {
  if (toast.classList.contains("danger")) return;
  let timer;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (toast.matches(":hover, :focus-within")) wait();
      else toast.remove();
    }, SECONDS * 1000);
  };
  toast.addEventListener("focusout", wait);
  toast.addEventListener("mouseleave", wait);
  wait();
}

// A modal dialog makes the rest of the page dead: the toasts move into it while it is open. In the page they stand first,
// so that the first Tab after what was done is at its Undo.
function move() {
  const dialog = document.querySelector("dialog[open]");
  if (region.parentElement === (dialog || document.body)) return;
  if (dialog) dialog.append(region);
  else document.querySelector(".skip-link").after(region);
}

// The one toast of failures stands in the page from the start, so that its icons are there without a connection.
const failed = document.getElementById("toast-failed");
const retry = failed.querySelector("[data-again]");
let attempt = null;

function fail(text, again) {
  failed.querySelector("span").textContent = text;
  attempt = again || null;
  retry.hidden = !again;
  move();
  failed.hidden = false;
}

retry.addEventListener("click", () => {
  failed.hidden = true;
  attempt?.();
});

function again(detail) {
  const config = detail.requestConfig || {};
  const element = config.elt || detail.elt;
  const form = element?.closest?.("form");
  if (form) return () => form.requestSubmit();
  if (detail.pathInfo?.requestPath && config.target?.id === "panel-content") {
    return () => document.dispatchEvent(new CustomEvent("panel:open", { detail: { url: detail.pathInfo.requestPath } }));
  }
  return () => location.reload();
}

region.addEventListener("click", (event) => {
  if (!event.target.closest(".toast-close")) return;
  const toast = event.target.closest(".note-toast");
  if (document.activeElement === event.target.closest(".toast-close")) document.getElementById("main")?.focus({ preventScroll: true });
  if (toast === failed) failed.hidden = true;
  else toast.remove();
});
document.addEventListener("toast:fail", (event) => fail(event.detail.text, event.detail.again));
document.addEventListener("toggle", move, true);
document.addEventListener("dialog:moved", move);

document.addEventListener("htmx:sendError", (event) => {
  const form = event.detail.elt?.closest?.("form[data-draft]");
  fail(form ? words.offline : words.unsent, again(event.detail));
});
document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  if (status === 403 && event.detail.xhr.responseText.includes("data-page-too-old")) fail(words.old, () => location.reload());
  else if (status === 403) fail(words.refused);
  else if (status === 404 || status === 410) fail(words.gone);
  else fail(words.failed, again(event.detail));
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) failed.hidden = true;
});

// What stood in the page from the start is put in again, so that screen readers say it; not from under the hands of who is at its Undo.
const first = [...region.querySelectorAll("[data-toast]")];
const isAt = (toast) => toast.contains(document.activeElement);
setTimeout(() => first.forEach((toast) => { if (toast.isConnected && !isAt(toast)) region.append(toast); }), 150);
first.forEach(start);
new MutationObserver((changes) => {
  for (const change of changes) {
    for (const node of change.addedNodes) {
      if (node.nodeType !== 1 || !node.matches("[data-toast]") || first.includes(node)) continue;
      move();
      start(node);
    }
  }
}).observe(region, { childList: true });
