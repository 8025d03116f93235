// Forms with data-passkey="create" or "get" let the device make or use a passkey before they are sent.
// data-options holds what the server asks for; data-options-from is an address that answers with it.

const failed = document.getElementById("passkey-failed");

function say(text) {
  if (!failed) return;
  failed.querySelector("div").textContent = text;
  failed.hidden = false;
}

async function options(form) {
  if (form.dataset.options) return JSON.parse(form.dataset.options).publicKey;
  const answer = await fetch(form.dataset.optionsFrom, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.statusText);
  return (await answer.json()).request_options.publicKey;
}

async function credential(form) {
  const asked = await options(form);
  return form.dataset.passkey === "create"
    ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) })
    : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) });
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-passkey]");
  if (!form) return;
  event.preventDefault();
  if (failed) failed.hidden = true;
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
    say(failed.dataset.none);
    return;
  }
  try {
    const made = await credential(form);
    form.elements.credential.value = JSON.stringify(made.toJSON());
  } catch {
    say(failed.dataset.refused);
    return;
  }
  form.submit();
});
