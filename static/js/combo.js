// select[data-combo="URL"] becomes a combobox that finds any choice by a few letters: URL?q=... answers with
// <li role="option" data-value data-text>. The select stays and is what the form sends.

const words = document.getElementById("words").dataset;
const known = new WeakSet();
let number = 0;

class Combo {
  constructor(select) {
    this.select = select;
    this.active = -1;
    this.asked = 0;
    const id = `combo-${++number}`;
    this.box = document.createElement("div");
    this.box.className = "combo";
    this.input = document.createElement("input");
    Object.assign(this.input, { type: "text", className: select.className.replace("form-select", "form-control"), autocomplete: "off", spellcheck: false, placeholder: select.dataset.comboPlaceholder || "" });
    this.input.classList.add("form-control");
    for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id })) this.input.setAttribute(name, value);
    for (const name of ["aria-describedby", "aria-invalid", "aria-label"]) if (select.hasAttribute(name)) this.input.setAttribute(name, select.getAttribute(name));
    if (select.required) this.input.setAttribute("aria-required", "true");
    this.clear = document.createElement("button");
    Object.assign(this.clear, { type: "button", className: "combo-clear", textContent: "×" });
    this.clear.setAttribute("aria-label", words.clear);
    this.list = document.createElement("ul");
    Object.assign(this.list, { id, className: "combo-list", hidden: true });
    this.list.setAttribute("role", "listbox");
    this.box.append(this.input, this.clear, this.list);
    select.before(this.box);
    select.hidden = true;
    if (select.id) {
      this.input.id = select.id;
      select.id += "_choice";
    }
    if (select.hasAttribute("autofocus")) this.input.setAttribute("autofocus", "");
    this.refresh();
    this.listen();
  }

  listen() {
    let timer;
    this.input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.ask(this.input.value), 150);
    });
    this.input.addEventListener("focus", () => { this.input.select(); });
    this.input.addEventListener("click", () => { if (this.list.hidden) this.ask(""); });
    this.input.addEventListener("blur", () => setTimeout(() => { this.close(); this.refresh(); }, 150));
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.choose(option);
    });
    this.clear.addEventListener("click", () => {
      this.set("", "");
      this.input.focus();
      this.ask("");
    });
    this.select.addEventListener("combo:refresh", () => this.refresh());
  }

  async ask(letters) {
    const turn = ++this.asked;
    const url = new URL(this.select.dataset.combo, location.href);
    url.searchParams.set("q", letters.trim());
    let html = "";
    try {
      const answer = await fetch(url, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
      if (answer.ok && !answer.redirected) html = await answer.text();
    } catch { /* no connection: the choices that came with the page */ }
    if (turn !== this.asked || document.activeElement !== this.input) return;
    const page = new DOMParser().parseFromString(`<ul>${html}</ul>`, "text/html");
    const options = [...page.querySelectorAll("[role=option]")];
    this.show(options.length || html ? options : this.own(letters));
  }

  own(letters) {
    const wanted = letters.trim().toLowerCase();
    return [...this.select.options].filter((option) => option.value && option.text.toLowerCase().includes(wanted)).map((option) => {
      const item = document.createElement("li");
      item.setAttribute("role", "option");
      Object.assign(item.dataset, { value: option.value, text: option.text });
      item.textContent = option.text;
      return item;
    });
  }

  show(options) {
    options.forEach((option, at) => { option.id = `${this.list.id}-${at}`; });
    if (!options.length) {
      const none = document.createElement("li");
      none.className = "combo-none";
      none.textContent = words.none;
      options = [none];
    }
    this.list.replaceChildren(...options);
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.point(this.input.value && !this.select.value ? 0 : -1);
  }

  close() {
    this.asked++;
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  point(at) {
    const options = this.list.querySelectorAll("[role=option]");
    this.active = options.length ? Math.max(-1, Math.min(at, options.length - 1)) : -1;
    options.forEach((option, place) => option.setAttribute("aria-selected", String(place === this.active)));
    const option = options[this.active];
    if (option) {
      this.input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      this.input.removeAttribute("aria-activedescendant");
    }
  }

  key(event) {
    const open = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) this.ask(this.select.value ? "" : this.input.value);
      else this.point(this.active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && open) {
      event.preventDefault();
      const option = this.list.querySelectorAll("[role=option]")[Math.max(this.active, 0)];
      if (option) this.choose(option);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
      this.refresh();
    }
  }

  choose(option) {
    this.set(option.dataset.value, option.dataset.text || option.textContent.trim());
    this.close();
  }

  set(value, text) {
    if (value && ![...this.select.options].some((option) => option.value === value)) this.select.add(new Option(text, value));
    if (!value && ![...this.select.options].some((option) => option.value === "")) this.select.add(new Option("", ""), 0);
    this.select.value = value;
    this.refresh();
    this.select.dispatchEvent(new Event("change", { bubbles: true }));
  }

  refresh() {
    const chosen = this.select.selectedOptions[0];
    this.input.value = chosen?.value ? chosen.text : "";
    this.clear.hidden = !chosen?.value;
  }
}

function visit(root) {
  for (const select of root.querySelectorAll("select[data-combo]")) {
    if (known.has(select)) continue;
    known.add(select);
    new Combo(select);
  }
}

document.addEventListener("htmx:load", (event) => visit(event.detail.elt));
visit(document);
