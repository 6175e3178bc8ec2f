// Before and after: the slider fills its stage, speaks to screen readers, and shows the true size on demand.
(() => {
  "use strict";
  const KEY_STEP = { Home: -100, End: 100, PageDown: -10, PageUp: 10 };

  function begin() {
    const slider = document.getElementById("result-compare");
    if (!slider || slider.dataset.begun) return;
    slider.dataset.begun = "yes";
    const box = document.getElementById("compare-box");
    const { width, height } = box.dataset;
    box.style.setProperty("--ratio", width / height);
    box.style.setProperty("--natural-width", `${width}px`);
    describe(slider);
    joinZoom(slider);
  }

  function describe(slider) {
    const say = () => {
      slider.setAttribute("aria-valuenow", Math.round(slider.value));
      slider.setAttribute("aria-valuetext", window.fillText(slider.dataset.textValue, { percent: Math.round(slider.value) }));
    };
    const attributes = { role: "slider", "aria-valuemin": 0, "aria-valuemax": 100, "aria-orientation": "horizontal" };
    Object.entries(attributes).forEach(([name, value]) => slider.setAttribute(name, value));
    slider.addEventListener("slide", say);
    slider.addEventListener("keydown", (event) => {
      const step = KEY_STEP[event.key];
      if (step === undefined) return;
      event.preventDefault();
      slider.value = Math.min(100, Math.max(0, slider.value + step));
      say();
    });
    say();
  }

  // One pixel of the result on one of the screen's; the files themselves are fetched only now.
  function joinZoom(slider) {
    const button = document.getElementById("zoom-switch");
    const view = document.getElementById("stage-view");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      const zoomed = view.classList.toggle("is-zoomed");
      button.setAttribute("aria-pressed", zoomed);
      button.querySelector("span:last-child").textContent = zoomed ? button.dataset.textFit : button.dataset.textFull;
      if (!zoomed) return;
      slider.querySelectorAll("img[data-full]").forEach((image) => {
        image.src = image.dataset.full;
        delete image.dataset.full;
      });
      view.scrollTo((view.scrollWidth - view.clientWidth) / 2, (view.scrollHeight - view.clientHeight) / 2);
    });
  }

  begin();
  document.addEventListener("htmx:afterSwap", begin);
})();
