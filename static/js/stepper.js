// The minus and plus of [data-stepper] move its number to the next multiple of their step.

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-stepper] [data-step]");
  if (!button) return;
  const input = button.closest("[data-stepper]").querySelector("input");
  const step = Number(button.dataset.step);
  const size = Math.abs(step);
  const now = Number(input.value) || 0;
  const next = step > 0 ? (Math.floor(now / size) + 1) * size : (Math.ceil(now / size) - 1) * size;
  const low = input.min === "" ? -Infinity : Number(input.min);
  const high = input.max === "" ? Infinity : Number(input.max);
  input.value = Math.min(Math.max(next, low), high);
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
});
