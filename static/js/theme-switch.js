// <theme-switch>: its button switches between light and dark. theme.js applies the choice on later pages.
const root = document.documentElement;

const switchTheme = () => {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const next = (root.dataset.theme ?? system) === "dark" ? "light" : "dark";
  if (next === system) delete root.dataset.theme;
  else root.dataset.theme = next;
  try {
    if (next === system) localStorage.removeItem("theme");
    else localStorage.setItem("theme", next);
  } catch {
    // storage is disabled: the choice applies only to this page
  }
};

class ThemeSwitch extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", switchTheme);
  }
}
customElements.define("theme-switch", ThemeSwitch);
