// While a picture travels: how far it is; and a sentence when it doesn't arrive.
(() => {
  "use strict";
  const form = document.getElementById("feature-form");
  if (!form) return;
  const SHOW_ABOVE_BYTES = 300 * 1024; // smaller ones are gone before a bar could be read
  const box = () => document.getElementById("sending");
  const sorry = (sentence) => {
    box().hidden = true;
    document.getElementById("picture-error").textContent = sentence;
  };

  // A new log-in brings a new CSRF token, which the form takes from a fresh copy of the page.
  let wasLoggedOut = false;
  form.addEventListener("htmx:confirm", async (event) => {
    if (!wasLoggedOut) return;
    event.preventDefault();
    const page = await fetch(window.location.href).then((answer) => answer.text(), () => "");
    const token = new DOMParser().parseFromString(page, "text/html").querySelector("#feature-form [name=csrfmiddlewaretoken]");
    if (token) form.elements.namedItem("csrfmiddlewaretoken").value = token.value;
    wasLoggedOut = !token;
    event.detail.issueRequest(true);
  });

  form.addEventListener("htmx:xhr:progress", (event) => {
    const { loaded, total, lengthComputable } = event.detail;
    if (!lengthComputable || total < SHOW_ABOVE_BYTES || !box()) return;
    box().hidden = false;
    document.getElementById("sending-bar").value = (100 * loaded) / total;
  });
  form.addEventListener("htmx:sendError", () => sorry(form.dataset.textUnreachable));
  form.addEventListener("htmx:responseError", (event) => {
    const { status } = event.detail.xhr;
    sorry(status === 403 ? form.dataset.textRefused : window.fillText(form.dataset.textFailed, { status }));
  });
  form.addEventListener("logged-out", (event) => {
    event.preventDefault(); // a reload would lose the picture
    wasLoggedOut = true;
    sorry(form.dataset.textLoggedOut);
  });
  document.addEventListener("htmx:afterSwap", () => {
    document.querySelector("#panel .vw-field-error, #picture-error:not(:empty)")?.scrollIntoView({ block: "center" });
  });
})();
