// The panel of a feature's page: live numbers, counts, colour wells, and what a switch turns off.
(() => {
  "use strict";
  const form = document.getElementById("feature-form");
  if (!form) return;

  function showNumber(range) {
    const output = form.querySelector(`[data-value-of="${range.id}"]`);
    const digits = (range.step.split(".")[1] ?? "").length;
    if (output) output.textContent = Number(range.value).toFixed(digits) + (range.dataset.unit ?? "");
    const share = (range.value - range.min) / (range.max - range.min || 1);
    range.style.setProperty("--vw-filled", `${(share * 100).toFixed(1)}%`);
  }

  function showCount(text) {
    const output = form.querySelector(`[data-count-of="${text.id}"]`);
    if (output) output.textContent = `${text.value.length} / ${text.maxLength}`;
  }

  // A control that a switch overrides stays where it is and is still sent, but can't be used.
  function showOverridden() {
    form.querySelectorAll("[data-control][data-overridden-by]").forEach((control) => {
      const off = control.dataset.overriddenBy.split(" ").some((name) => form.elements.namedItem(name)?.checked);
      control.classList.toggle("is-off", off);
      control.inert = off;
    });
  }

  function showBalance() {
    const shown = form.querySelector("[data-balance-shown]");
    const select = form.elements.namedItem("connection");
    if (shown && select?.selectedOptions?.length) shown.textContent = select.selectedOptions[0].dataset.balance;
  }

  function joinColour(box) {
    const [well, clear] = [box.querySelector("input[type=color]"), box.querySelector("button")];
    const text = box.querySelector("input:not([type=color])");
    const show = () => {
      const legal = /^#?[0-9a-f]{6}$/i.test(text.value.trim());
      if (legal) well.value = `#${text.value.trim().replace("#", "").toLowerCase()}`;
      box.classList.toggle("is-transparent", !legal);
      clear.hidden = !text.value;
    };
    well.hidden = false;
    well.addEventListener("input", () => {
      text.value = well.value;
      show();
    });
    text.addEventListener("input", show);
    clear.addEventListener("click", () => {
      text.value = "";
      show();
      text.focus();
    });
    show();
  }

  // What the enlarged picture will measure stands beside what it measures now.
  function showResultSize() {
    const facts = document.getElementById("picture-facts");
    const chosen = form.querySelector("[name=scale]:checked");
    const { width, height } = facts?.dataset ?? {};
    facts?.querySelector("strong")?.remove();
    if (!chosen || !width || document.getElementById("stage-bar").hidden) return;
    const factor = parseInt(chosen.value, 10);
    const becomes = document.createElement("strong");
    becomes.textContent = ` → ${width * factor} × ${height * factor} px`;
    facts.append(becomes);
  }

  function begin() {
    form.querySelectorAll("input[type=range]").forEach(showNumber);
    form.querySelectorAll("textarea[maxlength]").forEach(showCount);
    form.querySelectorAll("[data-colour]").forEach(joinColour);
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
  document.addEventListener("htmx:afterSwap", begin);
  window.addEventListener("pageshow", begin);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
})();
