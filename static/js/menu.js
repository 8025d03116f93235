// One menu open at a time; a click elsewhere and Escape close it. Of many tabs the chosen one is in sight.

const open = () => document.querySelectorAll("details.menu[open]");

// What is done in a dialog is not elsewhere for a menu behind it: the dialog gives the focus back into it.
const behind = (menu) => {
  const dialog = [...document.querySelectorAll("dialog[open]")].pop();
  return dialog !== undefined && !dialog.contains(menu);
};

document.addEventListener("click", (event) => {
  for (const menu of open()) if (!menu.contains(event.target) && !behind(menu)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  for (const menu of open()) {
    if (behind(menu)) continue;
    menu.open = false;
    menu.querySelector("summary").focus();
    event.preventDefault();
  }
});

for (const tab of document.querySelectorAll(".tabs a[aria-current]")) {
  const row = tab.parentElement;
  row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
}
