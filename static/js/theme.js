// Applies the theme that the person chose last, before the first paint, so that nothing flashes.
// Without a choice, the page follows the system.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const applyChoice = () => {
    let theme = null;
    try {
      theme = localStorage.getItem("theme");
    } catch {
      // storage is disabled: follow the system
    }
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  applyChoice();
  window.addEventListener("storage", applyChoice); // another window has switched
  window.addEventListener("pageshow", applyChoice); // or the page that this one was left for, until a step back
})();
