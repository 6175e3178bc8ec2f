// One key clicks the element with that `data-shortcut`; `g` and a second key lead to a place of the navigation.
import { isTextField } from "./text-fields.js";

const PLACES = { s: "studio", j: "jobs", g: "gallery", u: "usage" };
const TWO_KEYS_WITHIN_MS = 1200;
const KEY = "shortcuts";
let placeKeyPressedAt = 0;
let isOffHere = false; // where storage is disabled, the choice applies only to this page

function areOff() {
  try {
    return localStorage.getItem(KEY) === "off";
  } catch {
    return isOffHere;
  }
}

// <shortcut-switch>: switches the shortcuts off for whoever speaks to the computer or hits keys by chance (WCAG 2.1.4).
class ShortcutSwitch extends HTMLElement {
  connectedCallback() {
    const input = this.querySelector("input");
    const show = () => (input.checked = !areOff());
    input.addEventListener("change", () => {
      isOffHere = !input.checked;
      try {
        if (isOffHere) localStorage.setItem(KEY, "off");
        else localStorage.removeItem(KEY);
      } catch {
        // storage is disabled
      }
    });
    window.addEventListener("storage", show); // another window has switched
    window.addEventListener("pageshow", show); // or the browser has restored the field
    show();
  }
}
customElements.define("shortcut-switch", ShortcutSwitch);

document.addEventListener("keydown", (event) => {
  if (areOff() || event.ctrlKey || event.metaKey || event.altKey || isTextField(event.target)) return;
  if (document.querySelector("dialog:modal")) return;
  const link = PLACES[event.key] && document.querySelector(`[data-place="${PLACES[event.key]}"]`);
  if (link && Date.now() - placeKeyPressedAt < TWO_KEYS_WITHIN_MS) {
    placeKeyPressedAt = 0;
    link.click();
  } else if (event.key === "g") {
    placeKeyPressedAt = Date.now();
  } else {
    document.querySelector(`[data-shortcut="${CSS.escape(event.key)}"]`)?.click();
  }
});
