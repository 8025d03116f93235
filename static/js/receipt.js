// The photo of a receipt is made smaller before it leaves the device: quicker on the road, and without what the camera wrote
// beside it. What cannot be read here goes as it is; the server looks at it in any case.

const LONGEST = 2000;
const QUALITY = 0.8;
const bound = new WeakSet();

async function smaller(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  return blob && blob.size < file.size ? new File([blob], "receipt.jpg", { type: "image/jpeg" }) : file;
}

function put(input, file) {
  const files = new DataTransfer();
  files.items.add(file);
  input.files = files.files;
}

function say(form) {
  const shown = form.querySelector("[data-receipt-picked]");
  const picked = [...form.querySelectorAll("input[data-receipt]")].flatMap((input) => [...input.files]);
  if (!shown) return;
  const size = (bytes) => new Intl.NumberFormat(document.documentElement.lang || "en", { style: "unit", unit: "kilobyte", maximumFractionDigits: 0 }).format(bytes / 1024);
  shown.textContent = picked.map((file) => `${file.name}, ${size(file.size)}`).join("; ");
}

async function take(input) {
  const file = input.files[0];
  const form = input.form;
  if (!file) return say(form);
  // One receipt an expense: what was picked last.
  for (const other of form.querySelectorAll("input[data-receipt]")) if (other !== input) other.value = "";
  if (file.type.startsWith("image/")) {
    try {
      const less = await smaller(file);
      if (input.files[0] === file && less !== file) put(input, less);
    } catch { /* not a picture that this browser reads */ }
  }
  say(form);
}

function visit(root) {
  for (const input of root.querySelectorAll("input[data-receipt]")) {
    say(input.form);
    if (bound.has(input)) continue;
    bound.add(input);
    input.addEventListener("change", () => take(input));
  }
}

document.addEventListener("htmx:load", (event) => visit(event.detail.elt));
visit(document);
