// One key clicks the element with that `data-shortcut`; `g` and a second key lead to a place of the navigation.
import { isTextField } from "./text-fields.js";

const PLACES = { s: "studio", j: "jobs", g: "gallery", u: "usage" };
const TWO_KEYS_WITHIN_MS = 1200;
let placeKeyPressedAt = 0;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTextField(event.target)) return;
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
