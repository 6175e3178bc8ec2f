// Says that a result would be too large as soon as picture, scale and connection are chosen, before anything is sent.
import { fillText } from "./texts.js";

const JPG_MAX_SIDE = 65500; // of libjpeg
const formatMegapixels = (pixels) => (pixels / 1e6).toFixed(1);

class ResultSize extends HTMLElement {
  connectedCallback() {
    this.form = this.closest("form");
    this.limits = Object.fromEntries(this.dataset.limits.trim().split(/\s+/).map((pair) => pair.split(":")));
    const facts = document.getElementById("picture-facts");
    const bar = document.getElementById("stage-bar");
    this.getPicture = () => (bar.hidden ? {} : facts.dataset);
    // The panel is replaced after a refusal, while form and stage stay.
    this.removal = new AbortController();
    const { signal } = this.removal;
    this.form.addEventListener("input", () => this.update(), { signal });
    this.form.addEventListener("submit", (event) => this.stopImpossible(event), { capture: true, signal });
    window.addEventListener("pageshow", () => this.update(), { signal });
    this.observer = new MutationObserver(() => this.update());
    [facts, bar].forEach((element) => this.observer.observe(element, { attributes: true }));
    this.update();
  }

  disconnectedCallback() {
    this.removal.abort();
    this.observer.disconnect();
  }

  update() {
    const sentence = this.describe();
    if (sentence !== this.textContent) this.textContent = sentence;
    this.hidden = !sentence;
  }

  describe() {
    const scales = [...this.form.querySelectorAll("[name=scale]")];
    const scale = parseInt(scales.find((input) => input.checked)?.value, 10);
    const { width, height } = this.getPicture();
    const problem = scale && width ? this.findProblem(width * scale, height * scale) : "";
    if (!problem) return "";
    const possible = scales
      .map((input) => parseInt(input.value, 10))
      .filter((other) => other > 1 && other < scale && !this.findProblem(width * other, height * other));
    return `${problem} ${this.advise(possible)}`;
  }

  findProblem(width, height) {
    const limit = Number(this.limits[this.form.elements.namedItem("connection")?.value]);
    const pixels = width * height;
    const sizes = { width, height, size: formatMegapixels(pixels), limit: formatMegapixels(limit) };
    if (pixels > limit) return fillText(this.dataset.textPixels, sizes);
    const isJpg = this.form.elements.namedItem("format")?.value === "jpg";
    return isJpg && Math.max(width, height) > JPG_MAX_SIDE ? fillText(this.dataset.textSide, { ...sizes, limit: JPG_MAX_SIDE }) : "";
  }

  advise(scales) {
    if (!scales.length) return this.dataset.textNone;
    const list = new Intl.ListFormat(document.documentElement.lang, { type: "disjunction" });
    return fillText(this.dataset.textScales, { scales: list.format(scales.map((scale) => `${scale}×`)) });
  }

  stopImpossible(event) {
    if (!this.describe()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.scrollIntoView({ block: "nearest" });
    this.form.querySelector("[name=scale]:checked").focus({ preventScroll: true });
  }
}

customElements.define("result-size", ResultSize);
