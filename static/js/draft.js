// What is typed into form[data-draft="KEY"] stays on the device, for this user only, until the server said that it was
// saved (a toast with data-draft-saved="KEY"). It survives a failed save, an expired sign-in and a closed page.
// A field with data-fresh is the server's own: what it says now holds.

const DAYS = 14;
const user = document.body.dataset.user;
const words = document.getElementById("words").dataset;
const prefix = `draft:${user}:`;
const known = new WeakSet();

const skipped = (element) => !element.name || element.name === "csrfmiddlewaretoken" || "fresh" in element.dataset || ["password", "file", "submit", "button"].includes(element.type);

function read(form) {
  const values = [];
  for (const element of form.elements) {
    if (skipped(element)) continue;
    if (["checkbox", "radio"].includes(element.type) && !element.checked) continue;
    if (element.multiple && element.options) {
      for (const option of element.selectedOptions) values.push([element.name, option.value, option.text]);
    } else {
      values.push([element.name, element.value, element.selectedOptions?.[0]?.text ?? ""]);
    }
  }
  return values;
}

function write(form, values) {
  for (const element of form.elements) {
    if (skipped(element)) continue;
    const mine = values.filter(([name]) => name === element.name);
    if (["checkbox", "radio"].includes(element.type)) {
      element.checked = mine.some(([, value]) => value === element.value);
    } else if (element.options) {
      for (const [, value, text] of mine) {
        if (value && ![...element.options].some((option) => option.value === value)) element.add(new Option(text, value));
      }
      for (const option of element.options) option.selected = mine.some(([, value]) => value === option.value);
      element.dispatchEvent(new CustomEvent("combo:refresh"));
    } else if (mine.length) {
      element.value = mine[0][1];
    }
  }
}

function load(key) {
  try {
    const kept = JSON.parse(localStorage.getItem(prefix + key));
    if (kept && Date.now() - kept.at < DAYS * 86400000) return kept.values;
  } catch { /* not readable: as if there were none */ }
  return null;
}

function keep(key, values) {
  try {
    localStorage.setItem(prefix + key, JSON.stringify({ at: Date.now(), values }));
  } catch { /* full or forbidden: the form works all the same */ }
}

function forget(key) {
  localStorage.removeItem(prefix + key);
}

function note(form, key, before) {
  const box = document.createElement("div");
  box.className = "draft-note";
  box.setAttribute("role", "status");
  const text = document.createElement("span");
  text.textContent = words.restored;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link-button";
  button.textContent = words.discard;
  button.addEventListener("click", () => {
    write(form, before);
    forget(key);
    box.remove();
  });
  box.append(text, button);
  form.prepend(box);
}

function bind(form) {
  if (known.has(form) || !user) return;
  known.add(form);
  const key = form.dataset.draft;
  const before = read(form);
  const kept = load(key);
  const answered = form.querySelector(".is-invalid, .form-errors");
  const typed = (values) => JSON.stringify(values.filter(([name]) => name !== "uuid"));
  if (kept && !answered && typed(kept) !== typed(before)) {
    write(form, kept);
    note(form, key, before);
    form.dispatchEvent(new CustomEvent("draft:restored", { bubbles: true, detail: { values: kept } }));
  }
  let timer;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => keep(key, read(form)), 200);
  };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    keep(key, read(form));
  });
  // Sent through htmx, so that a lost connection leaves the page as it is. Forms of the panel, and of what stands beside a list, are
  // bound by panel.js and beside.js.
  if (window.htmx && !form.closest("#panel-content, #beside") && !form.hasAttribute("hx-post")) {
    form.setAttribute("hx-post", form.getAttribute("action") || location.pathname + location.search);
    form.setAttribute("hx-target", "#main");
    form.setAttribute("hx-select", "#main");
    form.setAttribute("hx-swap", "outerHTML show:window:top");
    window.htmx.process(form);
  }
}

function visit(root) {
  root.querySelectorAll("[data-draft-saved]").forEach((element) => forget(element.dataset.draftSaved));
  if (root.matches?.("[data-draft-saved]")) forget(root.dataset.draftSaved);
  if (root.matches?.("form[data-draft]")) bind(root);
  root.querySelectorAll("form[data-draft]").forEach(bind);
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-forget-drafts]")) return;
  Object.keys(localStorage).filter((name) => name.startsWith(prefix)).forEach((name) => localStorage.removeItem(name));
});
document.addEventListener("htmx:load", (event) => visit(event.detail.elt));
visit(document);
