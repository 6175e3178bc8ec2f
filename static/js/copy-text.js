// <copy-text>: its button copies the text before it. Browsers offer that only on HTTPS and on this machine.
class CopyText extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("button");
    button.hidden = !navigator.clipboard;
    button.onclick = async () => {
      await navigator.clipboard.writeText(this.querySelector("pre").textContent);
      button.textContent = button.dataset.textCopied;
    };
  }
}
customElements.define("copy-text", CopyText);
