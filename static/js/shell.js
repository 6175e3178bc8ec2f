// The frame of every page: theme switch, account menu, dialogs, keyboard shortcuts, forms, texts and times.
(() => {
  "use strict";
  const PLACES = { s: "studio", j: "jobs", g: "gallery", u: "usage" };
  const TWO_KEYS_WITHIN_MS = 1200;
  let placeKeyPressedAt = 0;

  const isTyping = (target) =>
    target instanceof Element && target.closest("input:not([type=range], [type=radio], [type=checkbox]), textarea, select, [contenteditable]");

  document.getElementById("theme-switch")?.addEventListener("click", window.switchTheme);

  document.addEventListener("click", (event) => {
    const menu = document.getElementById("account-menu");
    if (menu?.open && !menu.contains(event.target)) menu.open = false;
    const opener = event.target.closest("[data-open-dialog]");
    if (opener) {
      event.preventDefault(); // without JavaScript the link opens a page with the same question
      if (menu) menu.open = false;
      document.getElementById(opener.dataset.openDialog).showModal();
    }
    if (event.target instanceof HTMLDialogElement) event.target.close(); // a click on the backdrop
    const dialog = event.target.closest("[data-close-dialog]")?.closest("dialog");
    if (dialog) {
      event.preventDefault();
      dialog.close();
    }
  });

  document.addEventListener("keydown", (event) => {
    const menu = document.getElementById("account-menu");
    if (event.key === "Escape" && menu?.open) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const link = PLACES[event.key] && document.querySelector(`[data-place="${PLACES[event.key]}"]`);
    if (link && Date.now() - placeKeyPressedAt < TWO_KEYS_WITHIN_MS) {
      placeKeyPressedAt = 0;
      link.click();
    } else if (event.key === "g") {
      placeKeyPressedAt = Date.now();
    } else if (event.key === "t") {
      window.switchTheme?.();
    } else if (event.key === "?") {
      document.getElementById("shortcuts")?.showModal();
    } else {
      document.querySelector(`[data-shortcut="${CSS.escape(event.key)}"]`)?.click();
    }
  });

  // Each form is sent only once: while the request runs, a second submit does nothing.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "dialog" || event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  });
  document.addEventListener("htmx:afterRequest", (event) => delete event.target.dataset?.sent);

  // After a log-out the response is the log-in page, which must not be swapped into this one.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!new URL(event.detail.xhr.responseURL).pathname.endsWith("/login/")) return;
    event.detail.shouldSwap = false;
    const shouldReload = event.detail.requestConfig.elt.dispatchEvent(new CustomEvent("logged-out", { cancelable: true }));
    if (shouldReload) window.location.reload();
  });

  // Templates contain the translated sentences; scripts only fill in the values: "{name} is empty.".
  window.fillText = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  // The server writes times in UTC; they are shown in the reader's time zone and format.
  const showTimes = (root) => {
    root.querySelectorAll("time[datetime][data-local]").forEach((element) => {
      const options = element.dataset.local === "date" ? { dateStyle: "medium" } : { dateStyle: "medium", timeStyle: "short" };
      element.textContent = new Intl.DateTimeFormat(undefined, options).format(new Date(element.dateTime));
      element.removeAttribute("data-local");
    });
  };
  showTimes(document);
  document.addEventListener("htmx:load", (event) => showTimes(event.detail.elt));
})();
