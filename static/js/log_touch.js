// The form of a touch: the usual minutes and travel follow the type, contacts, orders and people the customer.

const bound = new WeakSet();
// Not for an address: what was typed freely, and the keys of the form itself.
const KEPT_BACK = ["csrfmiddlewaretoken", "uuid", "back", "note", "next_reason"];

function type(form) {
  return form.querySelector("input[name=type]:checked");
}

function travel(form) {
  const travels = type(form)?.dataset.travels !== undefined;
  for (const part of form.querySelectorAll("[data-travel]")) {
    part.hidden = !travels;
    // What is not shown is not sent.
    for (const input of part.querySelectorAll("input")) input.disabled = !travels;
  }
}

function say(form) {
  const chosen = type(form);
  travel(form);
  if (!chosen) return;
  const usual = form.querySelector(".hint[data-usual]");
  if (usual) usual.textContent = chosen.dataset.usual;
  const save = form.querySelector("button[data-save]");
  if (save) save.textContent = chosen.dataset.save;
}

// The minutes follow the type until somebody gave other ones.
function usualMinutes(form) {
  const minutes = form.elements.minutes;
  const usual = [...form.querySelectorAll("input[name=type]")].map((input) => input.dataset.minutes);
  if (!form.dataset.minutesGiven && (minutes.value === "" || usual.includes(minutes.value))) minutes.value = type(form).dataset.minutes;
}

// What is usual came anew with the customer.
function lengths(form) {
  for (const told of form.querySelectorAll("[data-length]")) {
    const input = form.querySelector(`input[name=type][value="${told.dataset.length}"]`);
    if (!input) continue;
    const follows = input.checked && !form.dataset.minutesGiven && form.elements.minutes.value === input.dataset.minutes;
    input.dataset.minutes = told.dataset.minutes;
    input.dataset.usual = told.dataset.usual;
    if (follows) form.elements.minutes.value = told.dataset.minutes;
  }
  say(form);
}

function tooLong(form) {
  const warning = form.querySelector("[data-too-long]");
  if (warning) warning.hidden = !(Number(form.elements.minutes.value) > 480);
}

function moment(form) {
  const shown = form.querySelector("[data-when]");
  const value = form.elements.at?.value;
  if (!shown || !value) return;
  const format = new Intl.DateTimeFormat(document.documentElement.lang || "en", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  shown.textContent = format.format(new Date(value));
}

function picked(form) {
  for (const shown of form.querySelectorAll("[data-picked]")) {
    const names = [...form.querySelectorAll(`input[name=${shown.dataset.picked}]:checked`)].map((input) => input.dataset.label);
    if (shown.dataset.none === undefined) shown.dataset.none = names.length ? "" : shown.textContent;
    if (names.length) shown.textContent = names.join(", ");
    else if (shown.dataset.none) shown.textContent = shown.dataset.none;
  }
}

// Ask for what goes with the customer; `values` are pairs of name and value that shall stand in it.
async function load(form, values) {
  const address = new URL(form.dataset.log, location.href);
  for (const [name, value] of values) {
    if (typeof value === "string" && value !== "" && !KEPT_BACK.includes(name)) address.searchParams.append(name, value);
  }
  const part = form.querySelector("#touch-parts");
  await window.htmx.ajax("GET", address.pathname + address.search, { source: part, target: part, select: "#touch-parts", swap: "outerHTML" });
  lengths(form);
  picked(form);
}

function bind(form) {
  if (bound.has(form)) return;
  bound.add(form);
  const asks = form.dataset.log && window.htmx;
  say(form);
  form.addEventListener("change", (event) => {
    const name = event.target.name;
    if (name === "type") {
      usualMinutes(form);
      say(form);
      tooLong(form);
    } else if (name === "at") {
      moment(form);
    } else if (name === "contacts") {
      picked(form);
    } else if (name === "customer" && asks) {
      load(form, new FormData(form));
    }
  });
  form.addEventListener("input", (event) => {
    if (event.target.name !== "minutes") return;
    form.dataset.minutesGiven = "1";
    tooLong(form);
  });
  form.addEventListener("draft:restored", (event) => {
    form.dataset.minutesGiven = "1";
    say(form);
    moment(form);
    tooLong(form);
    if (asks) load(form, event.detail?.values ?? new FormData(form));
  });
}

// Internal work: only the orders go with the customer.
function bindWork(form) {
  if (bound.has(form)) return;
  bound.add(form);
  const orders = () => {
    const customer = form.elements.customer.value;
    const address = form.dataset.work + (customer ? `?customer=${encodeURIComponent(customer)}` : "");
    const part = form.querySelector("#work-order");
    window.htmx?.ajax("GET", address, { source: part, target: part, select: "#work-order", swap: "outerHTML" });
  };
  form.addEventListener("change", (event) => { if (event.target.name === "customer") orders(); });
  form.addEventListener("draft:restored", orders);
}

function visit(root) {
  if (root.matches?.("form[data-work]")) bindWork(root);
  root.querySelectorAll("form[data-work]").forEach(bindWork);
  if (root.matches?.("form[data-log]")) bind(root);
  root.querySelectorAll("form[data-log]").forEach(bind);
}

// Before the drafts are put back: this module stands above draft.js in the page.
document.addEventListener("htmx:load", (event) => visit(event.detail.elt));
visit(document);
