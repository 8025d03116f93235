// Keys: elements say theirs in data-key ("/", "l", "g t"). Never while typing, never with a dialog open, and they can be
// turned off in the help that "?" opens.

const SWITCH = "keys:off";
const help = document.getElementById("keys");
const toggle = document.getElementById("keys-on");
let waiting = false;
let timer;

const typing = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;
const off = () => localStorage.getItem(SWITCH) === "1";

function use(key) {
  const element = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!element) return false;
  if (element.matches("input")) {
    element.focus();
    element.select();
  } else {
    element.click();
  }
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "?" && help) {
    event.preventDefault();
    help.showModal();
    return;
  }
  if (off()) return;
  clearTimeout(timer);
  const key = event.key.toLowerCase();
  const sequence = waiting ? `g ${key}` : key;
  waiting = false;
  if (sequence === "g") {
    waiting = true;
    timer = setTimeout(() => { waiting = false; }, 1500);
    return;
  }
  if (key.length === 1 && use(sequence)) event.preventDefault();
});

if (toggle) {
  toggle.checked = !off();
  toggle.addEventListener("change", () => localStorage.setItem(SWITCH, toggle.checked ? "0" : "1"));
}
