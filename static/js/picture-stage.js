// The stage of a feature's page: a picture from a drop, paste, file or sample is checked and shown at once.
import { decodeImage, detectFormat, findProblem, formatSize, shrinkToLimits } from "./picture-checks.js";

const find = (id) => document.getElementById(id);
const findFirstFile = (transfer) => transfer?.files[0];
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");

class PictureStage extends HTMLElement {
  connectedCallback() {
    this.form = this.closest("form");
    this.input = find("picture-input");
    this.source = this.form.elements.namedItem("source");
    this.samples = [...this.querySelectorAll("[name=sample]")];
    this.limits = { bytes: Number(this.dataset.maxBytes), pixels: Number(this.dataset.maxPixels) };
    this.input.addEventListener("change", () => this.input.files[0] && this.useFile(this.input.files[0]));
    this.samples.forEach((sample) => sample.addEventListener("change", () => this.useSample(sample)));
    find("picture-replace").addEventListener("click", () => {
      this.clear();
      this.input.focus();
    });
    this.form.addEventListener("input", () => this.showResultSize());
    this.form.addEventListener("submit", (event) => this.requirePicture(event), { capture: true });
    this.acceptDrops();
    window.addEventListener("paste", (event) => this.takeFile(event, event.clipboardData));
    document.addEventListener("keydown", (event) => {
      const isShortcut = event.key === "o" && !event.ctrlKey && !event.metaKey && !event.altKey;
      if (isShortcut && !event.target.closest("input, textarea, select, dialog")) this.input.click();
    });
    const sample = this.samples.find((sample) => sample.checked);
    if (this.input.files[0]) this.useFile(this.input.files[0]); // the browser kept the file across a reload
    else if (sample && !this.source.value) this.useSample(sample);
    else this.showResultSize();
  }

  acceptDrops() {
    let depth = 0;
    const enter = (step) => this.classList.toggle("is-dragging", (depth += step) > 0);
    window.addEventListener("dragenter", (event) => hasFiles(event) && enter(1));
    window.addEventListener("dragleave", (event) => hasFiles(event) && enter(-1));
    window.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
    window.addEventListener("drop", (event) => {
      enter(-depth);
      this.takeFile(event, event.dataTransfer);
    });
  }

  takeFile(event, transfer) {
    const file = findFirstFile(transfer);
    if (!file) return;
    event.preventDefault();
    this.useFile(file);
  }

  async useFile(file) {
    const url = URL.createObjectURL(file);
    const [format, image] = await Promise.all([detectFormat(file), decodeImage(url)]);
    const problem = findProblem(file, format, image, this.limits, this.dataset);
    if (problem) {
      this.clear();
      this.showError(problem);
      if (image && file.size) this.offerCopy(image, file.name, format ? this.dataset.textShrink : this.dataset.textConvert);
      return;
    }
    const transfer = new DataTransfer();
    transfer.items.add(file);
    this.forgetPicture();
    this.input.files = transfer.files;
    this.show({ url, name: file.name, width: image.naturalWidth, height: image.naturalHeight, bytes: file.size });
    find("submit-job")?.focus({ preventScroll: true });
  }

  useSample(sample) {
    this.input.value = "";
    this.source.value = "";
    const { name, width, height } = sample.dataset;
    this.show({ url: sample.parentElement.querySelector("img").src, name, width, height });
  }

  forgetPicture() {
    this.input.value = "";
    this.source.value = "";
    this.samples.forEach((sample) => (sample.checked = false));
  }

  show({ url, name, width, height, bytes }) {
    this.showError("");
    const preview = find("picture-preview");
    URL.revokeObjectURL(preview.src);
    preview.src = url;
    preview.alt = name;
    this.toggle(true);
    find("picture-name").textContent = name;
    const facts = find("picture-facts");
    Object.assign(facts.dataset, { width, height });
    facts.textContent = `${width} × ${height} px${bytes ? ` · ${formatSize(bytes)}` : ""}`;
    this.showResultSize();
  }

  clear() {
    this.forgetPicture();
    find("picture-preview").removeAttribute("src");
    this.toggle(false);
    this.showError("");
  }

  toggle(hasPicture) {
    find("drop").hidden = hasPicture;
    find("picture-preview").hidden = find("stage-bar").hidden = !hasPicture;
  }

  // Shows the size of the enlarged picture beside its current size.
  showResultSize() {
    const facts = find("picture-facts");
    const scale = parseInt(this.form.querySelector("[name=scale]:checked")?.value, 10);
    const { width, height } = facts.dataset;
    facts.querySelector("strong")?.remove();
    if (!scale || !width) return;
    const size = document.createElement("strong");
    size.textContent = ` → ${width * scale} × ${height * scale} px`;
    facts.append(size);
  }

  showError(sentence) {
    find("picture-error").textContent = sentence;
  }

  offerCopy(image, name, label) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "button button-small", textContent: label });
    const apply = async () => {
      const copy = await shrinkToLimits(image, name, this.limits);
      if (copy) await this.useFile(copy);
      else this.showError(this.dataset.textTooLarge);
    };
    button.addEventListener("click", apply, { once: true });
    find("picture-error").append(button);
  }

  requirePicture(event) {
    if (this.input.files.length || this.source.value || this.samples.some((sample) => sample.checked)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.showError(this.dataset.textMissing);
    this.scrollIntoView({ block: "nearest" });
    this.input.focus({ preventScroll: true });
  }
}

customElements.define("picture-stage", PictureStage);
