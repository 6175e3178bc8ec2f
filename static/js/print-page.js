// A button that prints the page; without scripts, browsers have their own.
customElements.define(
  "print-page",
  class extends HTMLElement {
    connectedCallback() {
      this.querySelector("button").addEventListener("click", () => window.print());
    }
  },
);
