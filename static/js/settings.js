// The panel of a feature's page: live numbers, counts, colour wells, and controls that a switch turns off.
(() => {
  "use strict";
  const form = document.getElementById("feature-form");
  if (!form) return;

  function showNumber(range) {
    const output = form.querySelector(`[data-value-of="${range.id}"]`);
    const digits = (range.step.split(".")[1] ?? "").length;
    if (output) output.textContent = Number(range.value).toFixed(digits) + (range.dataset.unit ?? "");
    const fraction = (range.value - range.min) / (range.max - range.min || 1);
    range.style.setProperty("--vw-filled", `${(fraction * 100).toFixed(1)}%`);
  }

  function showCount(text) {
    const output = form.querySelector(`[data-count-of="${text.id}"]`);
    if (output) output.textContent = `${text.value.length} / ${text.maxLength}`;
  }

  // A control that a switch overrides stays in place and is still sent, but can't be used.
  function showOverridden() {
    form.querySelectorAll("[data-control][data-overridden-by]").forEach((control) => {
      const isOff = control.dataset.overriddenBy.split(" ").some((name) => form.elements.namedItem(name)?.checked);
      control.classList.toggle("is-off", isOff);
      control.inert = isOff;
    });
  }

  function showBalance() {
    const shown = form.querySelector("[data-balance-shown]");
    const select = form.elements.namedItem("connection");
    if (shown && select?.selectedOptions?.length) shown.textContent = select.selectedOptions[0].dataset.balance;
  }

  function setUpColour(box) {
    const [well, clear] = [box.querySelector("input[type=color]"), box.querySelector("button")];
    const text = box.querySelector("input:not([type=color])");
    const update = () => {
      const isValid = /^#?[0-9a-f]{6}$/i.test(text.value.trim());
      if (isValid) well.value = `#${text.value.trim().replace("#", "").toLowerCase()}`;
      box.classList.toggle("is-transparent", !isValid);
      clear.hidden = !text.value;
    };
    well.hidden = false;
    well.addEventListener("input", () => {
      text.value = well.value;
      update();
    });
    text.addEventListener("input", update);
    clear.addEventListener("click", () => {
      text.value = "";
      update();
      text.focus();
    });
    update();
  }

  // Shows the size of the enlarged picture beside its current size.
  function showResultSize() {
    const facts = document.getElementById("picture-facts");
    const chosen = form.querySelector("[name=scale]:checked");
    const { width, height } = facts?.dataset ?? {};
    facts?.querySelector("strong")?.remove();
    if (!chosen || !width || document.getElementById("stage-bar").hidden) return;
    const factor = parseInt(chosen.value, 10);
    const resultSize = document.createElement("strong");
    resultSize.textContent = ` → ${width * factor} × ${height * factor} px`;
    facts.append(resultSize);
  }

  function initialise() {
    form.querySelectorAll("input[type=range]").forEach(showNumber);
    form.querySelectorAll("textarea[maxlength]").forEach(showCount);
    form.querySelectorAll("[data-colour]").forEach(setUpColour);
    showOverridden();
    showBalance();
    showResultSize();
  }

  form.addEventListener("input", (event) => {
    if (event.target.type === "range") showNumber(event.target);
    if (event.target.matches("textarea[maxlength]")) showCount(event.target);
    showOverridden();
    showBalance();
    showResultSize();
  });
  form.addEventListener("picture:changed", showResultSize);
  document.addEventListener("htmx:afterSwap", initialise);
  window.addEventListener("pageshow", initialise);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
})();
