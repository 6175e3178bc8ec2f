// <copy-text>: its button copies the text before it. Browsers offer that only on HTTPS and on this machine.
class CopyText extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("button");
    button.hidden = !navigator.clipboard;
    button.onclick = async () => {
      const text = this.querySelector("pre, input");
      await navigator.clipboard.writeText(text.value ?? text.textContent);
      button.textContent = button.dataset.textCopied;
    };
  }
}
customElements.define("copy-text", CopyText);
