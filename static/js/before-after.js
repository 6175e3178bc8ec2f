// The comparison slider: its size, its description for screen readers, and its zoom to full size.
import { fillText } from "./texts.js";

// Per cent. The slider's own arrow keys move only while they are held down, from the next frame on.
const KEY_STEP = {
  ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageDown: -10, PageUp: 10, Home: -100, End: 100,
};

class BeforeAfter extends HTMLElement {
  connectedCallback() {
    const { width, height } = this.dataset;
    this.style.setProperty("--ratio", width / height);
    this.style.setProperty("--natural-width", `${width}px`);
    this.slider = this.querySelector("img-comparison-slider");
    const attributes = { role: "slider", "aria-valuemin": 0, "aria-valuemax": 100, "aria-orientation": "horizontal" };
    Object.entries(attributes).forEach(([name, value]) => this.slider.setAttribute(name, value));
    this.slider.addEventListener("slide", () => this.announce());
    this.slider.addEventListener("keydown", (event) => {
      const step = KEY_STEP[event.key];
      if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.slider.value = Math.min(100, Math.max(0, this.slider.value + step));
      this.announce();
    });
    this.announce();
    const button = document.getElementById("zoom-switch");
    button?.addEventListener("click", () => this.switchZoom(button));
  }

  announce() {
    const percent = Math.round(this.slider.value);
    this.slider.setAttribute("aria-valuenow", percent);
    this.slider.setAttribute("aria-valuetext", fillText(this.slider.dataset.textValue, { percent }));
  }

  // In full size, one pixel of the result is one of the screen. The full files are loaded only then.
  switchZoom(button) {
    const view = this.closest(".stage-view");
    const isZoomed = view.classList.toggle("is-zoomed");
    button.setAttribute("aria-pressed", isZoomed);
    button.querySelector("span:last-child").textContent = isZoomed ? button.dataset.textFit : button.dataset.textFull;
    if (!isZoomed) return;
    this.querySelectorAll("[data-full]").forEach((image) => {
      image.src = image.dataset.full;
      delete image.dataset.full;
    });
    view.scrollTo((view.scrollWidth - view.clientWidth) / 2, (view.scrollHeight - view.clientHeight) / 2);
  }
}

customElements.define("before-after", BeforeAfter);
