// The light or dark theme the person chose last. Runs before the first paint, so that nothing flashes.
// Without a choice, the page follows the system.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const readChoice = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // storage is disabled: follow the system
    }
  };
  const applyTheme = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  applyTheme(readChoice());
  window.addEventListener("storage", () => applyTheme(readChoice()));

  window.switchTheme = () => {
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const next = (root.dataset.theme ?? system) === "dark" ? "light" : "dark";
    applyTheme(next === system ? null : next);
    try {
      if (next === system) localStorage.removeItem("theme");
      else localStorage.setItem("theme", next);
    } catch {
      // the choice applies only to this page
    }
  };
})();
