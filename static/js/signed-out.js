// After a sign-out the response is the sign-in page, which must not be swapped into this one.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!new URL(event.detail.xhr.responseURL).pathname.endsWith("/login/")) return;
  event.detail.shouldSwap = false;
  const shouldReload = event.detail.requestConfig.elt.dispatchEvent(new CustomEvent("signed-out", { cancelable: true }));
  if (shouldReload) window.location.reload();
});
