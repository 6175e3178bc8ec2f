// The comparison slider: its size, its description for screen readers, and its zoom to full size.
(() => {
  "use strict";
  const KEY_STEP = { Home: -100, End: 100, PageDown: -10, PageUp: 10 };

  function initialise() {
    const slider = document.getElementById("result-compare");
    if (!slider || slider.dataset.initialised) return;
    slider.dataset.initialised = "yes";
    const box = document.getElementById("compare-box");
    const { width, height } = box.dataset;
    box.style.setProperty("--ratio", width / height);
    box.style.setProperty("--natural-width", `${width}px`);
    setUpAria(slider);
    setUpZoom(slider);
  }

  function setUpAria(slider) {
    const announce = () => {
      slider.setAttribute("aria-valuenow", Math.round(slider.value));
      slider.setAttribute("aria-valuetext", window.fillText(slider.dataset.textValue, { percent: Math.round(slider.value) }));
    };
    const attributes = { role: "slider", "aria-valuemin": 0, "aria-valuemax": 100, "aria-orientation": "horizontal" };
    Object.entries(attributes).forEach(([name, value]) => slider.setAttribute(name, value));
    slider.addEventListener("slide", announce);
    slider.addEventListener("keydown", (event) => {
      const step = KEY_STEP[event.key];
      if (step === undefined) return;
      event.preventDefault();
      slider.value = Math.min(100, Math.max(0, slider.value + step));
      announce();
    });
    announce();
  }

  // In full size, one pixel of the result is one of the screen. The full files are loaded only then.
  function setUpZoom(slider) {
    const button = document.getElementById("zoom-switch");
    const view = document.getElementById("stage-view");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      const isZoomed = view.classList.toggle("is-zoomed");
      button.setAttribute("aria-pressed", isZoomed);
      button.querySelector("span:last-child").textContent = isZoomed ? button.dataset.textFit : button.dataset.textFull;
      if (!isZoomed) return;
      slider.querySelectorAll("img[data-full]").forEach((image) => {
        image.src = image.dataset.full;
        delete image.dataset.full;
      });
      view.scrollTo((view.scrollWidth - view.clientWidth) / 2, (view.scrollHeight - view.clientHeight) / 2);
    });
  }

  initialise();
  document.addEventListener("htmx:afterSwap", initialise);
})();
