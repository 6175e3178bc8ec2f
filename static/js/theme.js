// Light or dark as the person last chose; runs before the first paint, so that nothing flashes.
// Without a choice the page follows the system.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const chosen = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // storage is switched off: follow the system
    }
  };
  const apply = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  apply(chosen());
  window.addEventListener("storage", () => apply(chosen()));

  window.switchTheme = () => {
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const next = (root.dataset.theme ?? system) === "dark" ? "light" : "dark";
    apply(next === system ? null : next);
    try {
      if (next === system) localStorage.removeItem("theme");
      else localStorage.setItem("theme", next);
    } catch {
      // the choice holds for this page only
    }
  };
})();
