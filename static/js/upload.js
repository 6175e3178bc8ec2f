// The upload of a picture: its progress, and a sentence when it fails.
(() => {
  "use strict";
  const form = document.getElementById("feature-form");
  if (!form) return;
  const SHOW_ABOVE_BYTES = 300 * 1024; // smaller uploads finish before a progress bar is readable
  const findBox = () => document.getElementById("sending");
  const showError = (sentence) => {
    findBox().hidden = true;
    document.getElementById("picture-error").textContent = sentence;
  };

  // After a new log-in, the form needs the new CSRF token, taken from a fresh copy of the page.
  let wasLoggedOut = false;
  form.addEventListener("htmx:confirm", async (event) => {
    if (!wasLoggedOut) return;
    event.preventDefault();
    const page = await fetch(window.location.href).then((response) => response.text(), () => "");
    const token = new DOMParser().parseFromString(page, "text/html").querySelector("#feature-form [name=csrfmiddlewaretoken]");
    if (token) form.elements.namedItem("csrfmiddlewaretoken").value = token.value;
    wasLoggedOut = !token;
    event.detail.issueRequest(true);
  });

  form.addEventListener("htmx:xhr:progress", (event) => {
    const { loaded, total, lengthComputable } = event.detail;
    if (!lengthComputable || total < SHOW_ABOVE_BYTES || !findBox()) return;
    findBox().hidden = false;
    document.getElementById("sending-bar").value = (100 * loaded) / total;
  });
  form.addEventListener("htmx:sendError", () => showError(form.dataset.textUnreachable));
  form.addEventListener("htmx:responseError", (event) => {
    const { status } = event.detail.xhr;
    showError(status === 403 ? form.dataset.textRefused : window.fillText(form.dataset.textFailed, { status }));
  });
  form.addEventListener("logged-out", (event) => {
    event.preventDefault(); // a reload would discard the picture
    wasLoggedOut = true;
    showError(form.dataset.textLoggedOut);
  });
  document.addEventListener("htmx:afterSwap", () => {
    document.querySelector("#panel .vw-field-error, #picture-error:not(:empty)")?.scrollIntoView({ block: "center" });
  });
})();
