// The stage of a feature's page: a picture from a drop, paste, file or sample is checked and shown at once.
import { decodeImage, detectFormat, findProblem, formatSize, shrinkToLimits } from "./picture-checks.js";
import { detectForeignFormat, offerConversion } from "./picture-conversion.js";
import { fillText } from "./texts.js";

const NAMES_SHOWN = 3;
const find = (id) => document.getElementById(id);
const isSameFile = (one, other) => ["name", "size", "lastModified"].every((key) => one[key] === other?.[key]);

class PictureStage extends HTMLElement {
  file = null; // what the input holds and the stage shows
  checking = null; // ends when the files that were offered last are checked

  connectedCallback() {
    this.form = this.closest("form");
    this.input = find("picture-input");
    this.source = this.form.elements.namedItem("source");
    this.samples = [...this.querySelectorAll("[name=sample]")];
    this.limits = { bytes: Number(this.dataset.maxBytes), pixels: Number(this.dataset.maxPixels) };
    this.input.addEventListener("change", () => this.offer([...this.input.files]));
    this.samples.forEach((sample) => sample.addEventListener("change", () => this.useSample(sample)));
    find("picture-replace").addEventListener("click", () => {
      this.clear();
      this.input.focus();
    });
    this.form.addEventListener("input", () => this.showResultSize());
    this.form.addEventListener("submit", (event) => this.requirePicture(event), { capture: true });
    document.addEventListener("files-brought", (event) => {
      event.preventDefault();
      this.offer(event.detail);
    });
    // After a step back or a reload the browser restores the fields, later than this, and tells nobody.
    window.addEventListener("pageshow", () => this.showChosen());
    this.showChosen();
  }

  // Shows what the fields hold, in the order in which the server chooses between them.
  showChosen() {
    const [file] = this.input.files;
    const sample = this.samples.find((sample) => sample.checked);
    if (file) return isSameFile(file, this.file) || this.offer([file]);
    if (this.source.value) this.showResultSize(); // the server has rendered it
    else if (sample) this.useSample(sample);
    else if (!find("picture-preview").hidden) this.clear();
  }

  // Takes the first of the files that can be used. Until then the input keeps what the stage shows: nobody sends a
  // picture that they haven't seen, and a refused file costs nothing.
  offer(files) {
    this.holdFile(this.file);
    const checking = this.findUsable(files).then((found) => this.checking === checking && this.settle(files, found));
    this.checking = checking;
  }

  async findUsable(files) {
    const refused = [];
    for (const file of files) {
      const checked = await this.checkFile(file);
      if (!checked.problem) return { taken: checked, refused };
      refused.push(checked);
    }
    return { refused };
  }

  async checkFile(file) {
    const url = URL.createObjectURL(file);
    const [format, image] = await Promise.all([detectFormat(file), decodeImage(url)]);
    const foreign = format ? "" : await detectForeignFormat(file);
    const limits = foreign ? { bytes: Number(this.dataset.maxConvertBytes), pixels: Infinity } : this.limits;
    const sizeProblem = findProblem(file, format || foreign, image || foreign, limits, this.dataset);
    const problem = sizeProblem || (foreign && fillText(this.dataset.textForeign, { name: file.name, format: foreign }));
    if (problem) URL.revokeObjectURL(url);
    return { file, url, format, image, problem, isConvertible: Boolean(foreign) && !sizeProblem };
  }

  settle(files, { taken, refused }) {
    this.checking = null;
    if (taken) {
      this.useFile(taken);
      const others = files.filter((file) => file !== taken.file).map((file) => file.name);
      if (others.length) this.showNotice(this.listOthers(taken.file.name, others));
    } else if (refused.length) {
      this.showChosen();
      this.refuse(refused.find(({ isConvertible }) => isConvertible) ?? refused[0], files.length);
    } else {
      this.showError(this.dataset.textNothing);
    }
    return Boolean(taken);
  }

  refuse({ file, format, image, problem, isConvertible }, count) {
    const sentence = this.describeRefusal(problem, count);
    if (isConvertible) return offerConversion(this, file, sentence);
    this.showError(sentence);
    if (format && image && file.size) this.offerCopy(image, file.name);
  }

  listOthers(name, others) {
    const names = others.slice(0, NAMES_SHOWN).join(", ") + (others.length > NAMES_SHOWN ? ", …" : "");
    return fillText(this.dataset.textOthers, { name, names, count: others.length });
  }

  describeRefusal(problem, count) {
    const { textNone, textKept } = this.dataset;
    const sentences = [problem];
    if (count > 1) sentences.push(fillText(textNone, { count }));
    if (!find("picture-preview").hidden) sentences.push(fillText(textKept, { name: find("picture-name").textContent }));
    return sentences.join(" ");
  }

  useFile({ file, url, image }) {
    this.forgetPicture();
    this.holdFile(file);
    this.show({ url, name: file.name, width: image.naturalWidth, height: image.naturalHeight, bytes: file.size });
    find("submit-job")?.focus({ preventScroll: true });
  }

  // A picture that the server has stored. With it in the address, a reload and a step back show it again.
  useStored({ uuid, url, name, width, height, bytes, notice }) {
    this.forgetPicture();
    this.source.value = uuid;
    this.show({ url, name, width, height, bytes });
    this.showNotice(notice);
    const address = new URL(window.location);
    address.searchParams.set("source", uuid);
    window.history.replaceState(window.history.state, "", address);
    find("submit-job")?.focus({ preventScroll: true });
  }

  useSample(sample) {
    this.checking = null;
    this.holdFile(null);
    this.source.value = "";
    const { name, width, height } = sample.dataset;
    this.show({ url: sample.parentElement.querySelector("img").src, name, width, height });
  }

  holdFile(file) {
    const transfer = new DataTransfer();
    if (file) transfer.items.add(file);
    this.input.files = transfer.files;
    this.file = file;
  }

  forgetPicture() {
    this.holdFile(null);
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
    this.checking = null;
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
    find("picture-error").classList.remove("is-notice");
    find("picture-error").textContent = sentence;
  }

  showNotice(sentence) {
    this.showError(sentence);
    find("picture-error").classList.add("is-notice");
  }

  offerCopy(image, name) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "button button-small", textContent: this.dataset.textShrink });
    const apply = async () => {
      const copy = await shrinkToLimits(image, name, this.limits);
      if (copy) this.offer([copy]);
      else this.showError(this.dataset.textTooLarge);
    };
    button.addEventListener("click", apply, { once: true });
    find("picture-error").append(button);
  }

  requirePicture(event) {
    const hasPicture = this.input.files.length || this.source.value || this.samples.some((sample) => sample.checked);
    if (hasPicture && !this.checking) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (this.checking) {
      this.checking.then((isTaken) => isTaken && this.form.requestSubmit());
      return;
    }
    this.showError(this.dataset.textMissing);
    this.scrollIntoView({ block: "nearest" });
    this.input.focus({ preventScroll: true });
  }
}

customElements.define("picture-stage", PictureStage);
