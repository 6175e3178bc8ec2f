// The upload of a picture: its progress, and a sentence when it fails.
import { formatDuration } from "./durations.js";
import { fillText } from "./texts.js";

const SHOW_ABOVE_BYTES = 300 * 1024; // smaller uploads finish before a progress bar is readable

function showSending(isSending) {
  const sending = document.getElementById("sending");
  if (sending) sending.hidden = !isSending;
}


class UploadForm extends HTMLElement {
  wasSignedOut = false;

  connectedCallback() {
    this.form = this.querySelector("form");
    const texts = this.dataset;
    this.addEventListener("htmx:confirm", (event) => this.wasSignedOut && this.renewToken(event));
    this.addEventListener("htmx:xhr:progress", ({ detail: { loaded, total, lengthComputable } }) => {
      if (!lengthComputable || total < SHOW_ABOVE_BYTES) return;
      showSending(true);
      document.getElementById("sending-bar").value = (100 * loaded) / total;
    });
    this.addEventListener("htmx:sendError", () => this.showError(texts.textUnreachable));
    this.addEventListener("htmx:responseError", ({ detail: { xhr } }) =>
      this.showError(this.describeError(texts, xhr)),
    );
    this.form.addEventListener("signed-out", (event) => {
      event.preventDefault(); // a reload would discard the picture
      this.wasSignedOut = true;
      this.showError(texts.textSignedOut);
    });
    this.addEventListener("htmx:afterSwap", () =>
      this.querySelector(".field-error, #picture-error:not(:empty)")?.scrollIntoView({ block: "center" }),
    );
    this.addEventListener("htmx:beforeRequest", () => this.disable(true));
    // Until the job's page is there, and after a step back to this one, which the browser may have kept as it was left.
    this.addEventListener("htmx:afterRequest", ({ detail: { xhr } }) => xhr.getResponseHeader("HX-Redirect") || this.disable(false));
    window.addEventListener("pageshow", () => {
      this.disable(false);
      showSending(false);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.form.requestSubmit();
    });
  }

  disable(isDisabled) {
    const button = document.getElementById("submit-job");
    if (button) button.disabled = isDisabled;
  }

  describeError(texts, xhr) {
    const { status } = xhr;
    if (status === 403) return texts.textRefused;
    if (status === 429) return fillText(texts.textMany, { wait: formatDuration(Number(xhr.getResponseHeader("Retry-After"))) });
    return status === 503 || status === 507 ? texts.textFull : fillText(texts.textFailed, { status });
  }

  showError(sentence) {
    showSending(false);
    const box = document.getElementById("picture-error");
    box.textContent = sentence;
    box.scrollIntoView({ block: "nearest" });
  }

  // After a new sign-in, the form needs the new CSRF token, taken from a fresh copy of the page.
  async renewToken(event) {
    event.preventDefault();
    const page = await fetch(window.location.href).then((response) => response.text(), () => "");
    const name = "csrfmiddlewaretoken";
    const token = new DOMParser().parseFromString(page, "text/html").querySelector(`upload-form [name=${name}]`);
    if (token) this.form.elements.namedItem(name).value = token.value;
    this.wasSignedOut = !token;
    event.detail.issueRequest(true);
  }
}

customElements.define("upload-form", UploadForm);
