// A button that prints the page; without scripts, browsers have their own.
customElements.define(
  "print-page",
  class extends HTMLElement {
    connectedCallback() {
      const button = this.querySelector("button");
      button.hidden = false;
      button.addEventListener("click", () => window.print());
    }
  },
);
