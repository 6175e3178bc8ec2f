// <passkey-form>: its form is sent with the answer of the browser's passkey dialog. The challenge is in the JSON element
// named by data-options, or is fetched from data-options-url.
const fetchOptions = async (url) => {
  const response = await fetch(url, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(response.status);
  return response.json();
};

const askBrowser = ({ creation_options: creation, request_options: request }) => {
  if (!creation) return window.webauthnJSON.get(request);
  // All passkeys open an account by themselves, so they are kept on the device and ask for a finger or a PIN.
  Object.assign(creation.publicKey.authenticatorSelection, {
    residentKey: "required",
    requireResidentKey: true,
    userVerification: "required",
  });
  return window.webauthnJSON.create(creation);
};

class PasskeyForm extends HTMLElement {
  connectedCallback() {
    this.hidden = !window.PublicKeyCredential;
    this.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(event.target);
    });
  }

  async #send(form) {
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    this.querySelector(".field-error")?.remove();
    try {
      const { options, optionsUrl } = this.dataset;
      const given = optionsUrl
        ? await fetchOptions(optionsUrl)
        : JSON.parse(document.getElementById(options).textContent);
      form.elements.credential.value = JSON.stringify(await askBrowser(given));
      form.submit();
    } catch {
      button.disabled = false;
      this.#showFailure(button);
    }
  }

  #showFailure(button) {
    const line = document.createElement("p");
    line.className = "field-error";
    line.setAttribute("role", "alert");
    line.textContent = this.dataset.textFailed;
    button.before(line);
  }
}
customElements.define("passkey-form", PasskeyForm);
