// Buttons with data-dialog="ID" open that dialog; forms with data-confirm ask before they are sent.

const dialog = document.getElementById("confirm");
const agreed = new WeakSet();

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-dialog]");
  if (button) document.getElementById(button.dataset.dialog)?.showModal();
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!dialog || !form.matches("form[data-confirm]")) return;
  if (agreed.has(form)) {
    agreed.delete(form);
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  const submitter = event.submitter;
  dialog.querySelector("h2").textContent = form.dataset.confirm;
  dialog.querySelector("p").textContent = form.dataset.confirmNote || "";
  const yes = dialog.querySelector("[value=yes]");
  yes.textContent = form.dataset.confirmDo || yes.dataset.word;
  dialog.returnValue = "no";
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "yes") return;
    agreed.add(form);
    form.requestSubmit(submitter);
  }, { once: true });
  dialog.showModal();
}, true);
