// The panel of a feature's page: live numbers, counts, and controls that a switch turns off.

function showNumber(range, output) {
  const digits = (range.step.split(".")[1] ?? "").length;
  output.textContent = Number(range.value).toFixed(digits) + (range.dataset.unit ?? "");
  const fraction = (range.value - range.min) / (range.max - range.min || 1);
  range.style.setProperty("--filled", `${(fraction * 100).toFixed(1)}%`);
}

class FeatureSettings extends HTMLElement {
  connectedCallback() {
    this.addEventListener("input", () => this.update());
    this.update();
  }

  update() {
    const find = (selector) => this.querySelectorAll(selector);
    const findOutput = (kind, input) => this.querySelector(`[data-${kind}-of="${input.id}"]`);
    find("[type=range]").forEach((range) => showNumber(range, findOutput("value", range)));
    find("textarea[maxlength]").forEach((text) => (findOutput("count", text).textContent = `${text.value.length} / ${text.maxLength}`));
    // A control that a switch overrides stays in place and is still sent, but can't be used.
    find("[data-overridden-by][data-control]").forEach((control) => {
      control.inert = control.dataset.overriddenBy.split(" ").some((name) => this.querySelector(`[name="${name}"]`)?.checked);
      control.classList.toggle("is-off", control.inert);
    });
    const connection = this.querySelector("[name=connection]")?.selectedOptions[0];
    if (connection) this.showConnection(connection);
  }

  // What is left there, and the choices for a job that costs more.
  showConnection(connection) {
    this.querySelector("[data-balance-shown]").textContent = connection.dataset.balance;
    this.querySelector("#when-short").hidden = !("short" in connection.dataset);
    this.querySelectorAll("[data-not-for-bundled]").forEach((choice) => (choice.hidden = "bundled" in connection.dataset));
  }
}

// A text with a colour, and beside it a well to pick one.
class ColourWell extends HTMLElement {
  connectedCallback() {
    const [well, text, clear] = this.querySelectorAll("[type=color], [type=text], button");
    const update = (this.update = () => {
      const isValid = /^#?[0-9a-f]{6}$/i.test(text.value.trim());
      if (isValid) well.value = `#${text.value.trim().replace("#", "").toLowerCase()}`;
      this.classList.toggle("is-transparent", !isValid);
      clear.hidden = !text.value;
    });
    const write = (value) => {
      text.value = value;
      update();
    };
    well.addEventListener("input", () => write(well.value));
    text.addEventListener("input", update);
    clear.addEventListener("click", () => {
      write("");
      text.focus();
    });
    update();
  }
}

customElements.define("feature-settings", FeatureSettings);
customElements.define("colour-well", ColourWell);
// The browser restores what was entered after a step back.
window.addEventListener("pageshow", () => document.querySelectorAll("feature-settings, colour-well").forEach((part) => part.update()));
