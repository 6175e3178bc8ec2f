// The stage of a feature's page: a picture from a drop, paste, file or sample is checked and shown at once.
(() => {
  "use strict";
  const stage = document.getElementById("stage");
  if (!stage) return;
  const form = stage.closest("form");
  const input = document.getElementById("picture-input");
  const drop = document.getElementById("drop");
  const preview = document.getElementById("picture-preview");
  const bar = document.getElementById("stage-bar");
  const source = form.elements.namedItem("source");
  const samples = [...form.querySelectorAll("input[name=sample]")];
  const limits = { bytes: Number(stage.dataset.maxBytes), pixels: Number(stage.dataset.maxPixels) };
  const MEGABYTE = 1024 * 1024;
  const JPEG_QUALITIES = [0.92, 0.85, 0.75, 0.6];
  let shownUrl = "";

  const findErrorBox = () => document.getElementById("picture-error");
  const texts = stage.dataset;
  const formatMegabytes = (bytes) => (bytes / MEGABYTE).toFixed(1);
  const formatMegapixels = (pixels) => (pixels / 1e6).toFixed(1);
  const formatSize = (bytes) => (bytes < MEGABYTE ? `${Math.round(bytes / 1024)} kB` : `${formatMegabytes(bytes)} MB`);

  function showError(sentence, remedy) {
    const box = findErrorBox();
    box.replaceChildren(document.createTextNode(sentence));
    if (!remedy) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-quiet btn-sm";
    button.textContent = remedy.label;
    button.addEventListener("click", remedy.apply, { once: true });
    box.append(button);
  }

  function showPicture({ url, name, width, height, bytes }) {
    if (shownUrl) URL.revokeObjectURL(shownUrl);
    shownUrl = url.startsWith("blob:") ? url : "";
    showError("");
    preview.src = url;
    preview.alt = name;
    preview.hidden = false;
    drop.hidden = true;
    bar.hidden = false;
    document.getElementById("picture-name").textContent = name;
    const facts = document.getElementById("picture-facts");
    facts.dataset.width = width;
    facts.dataset.height = height;
    facts.textContent = `${width} × ${height} px${bytes ? ` · ${formatSize(bytes)}` : ""}`;
    form.dispatchEvent(new CustomEvent("picture:changed"));
  }

  function clearPicture() {
    input.value = "";
    source.value = "";
    samples.forEach((sample) => (sample.checked = false));
    preview.hidden = true;
    preview.removeAttribute("src");
    drop.hidden = false;
    bar.hidden = true;
    showError("");
    form.dispatchEvent(new CustomEvent("picture:changed"));
  }

  async function detectFormat(file) {
    const head = new Uint8Array(await file.slice(0, 8).arrayBuffer());
    if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return "JPG";
    if ([0x89, 0x50, 0x4e, 0x47].every((byte, index) => head[index] === byte)) return "PNG";
    return "";
  }

  async function decodeImage(url) {
    const image = new Image();
    image.src = url;
    try {
      await image.decode();
      return image;
    } catch {
      return null;
    }
  }

  function findProblem(file, format, image) {
    const fill = (sentence, size, limit) => window.fillText(sentence, { name: file.name, size, limit });
    if (file.size === 0) return texts.textEmpty;
    if (!image) return fill(format ? texts.textDamaged : texts.textUnreadable);
    if (!format) return fill(texts.textKind);
    if (file.size > limits.bytes) return fill(texts.textBytes, formatMegabytes(file.size), formatMegabytes(limits.bytes));
    const pixels = image.naturalWidth * image.naturalHeight;
    if (pixels > limits.pixels) return fill(texts.textPixels, formatMegapixels(pixels), formatMegapixels(limits.pixels));
    return "";
  }

  // Returns the picture as a JPG within the limits, at the best quality that fits, or null.
  async function shrinkToLimits(image, name) {
    const scale = Math.min(1, Math.sqrt(limits.pixels / (image.naturalWidth * image.naturalHeight)));
    const canvas = document.createElement("canvas");
    canvas.width = Math.floor(image.naturalWidth * scale);
    canvas.height = Math.floor(image.naturalHeight * scale);
    const context = canvas.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    for (const quality of JPEG_QUALITIES) {
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
      if (blob && blob.size <= limits.bytes) return new File([blob], name.replace(/\.[^.]*$/, "") + ".jpg", { type: "image/jpeg" });
    }
    return null;
  }

  async function usePicture(file) {
    const url = URL.createObjectURL(file);
    const [format, image] = await Promise.all([detectFormat(file), decodeImage(url)]);
    const problem = findProblem(file, format, image);
    if (problem) {
      clearPicture();
      const label = format ? texts.textShrink : texts.textConvert;
      showError(problem, image && file.size && {
        label,
        apply: async () => {
          const smaller = await shrinkToLimits(image, file.name);
          if (smaller) await usePicture(smaller);
          else showError(texts.textTooLarge);
        },
      });
      return;
    }
    const transfer = new DataTransfer();
    transfer.items.add(file);
    input.files = transfer.files;
    source.value = "";
    samples.forEach((sample) => (sample.checked = false));
    showPicture({ url, name: file.name, width: image.naturalWidth, height: image.naturalHeight, bytes: file.size });
    document.getElementById("submit-job")?.focus({ preventScroll: true });
  }

  function useSample(sample) {
    input.value = "";
    source.value = "";
    const { name, width, height } = sample.dataset;
    showPicture({ url: sample.parentElement.querySelector("img").src, name, width, height });
  }

  const findFirstFile = (transfer) => [...(transfer?.files ?? [])][0];

  input.addEventListener("change", () => input.files[0] && usePicture(input.files[0]));
  samples.forEach((sample) => sample.addEventListener("change", () => useSample(sample)));
  document.getElementById("picture-replace").addEventListener("click", () => {
    clearPicture();
    input.focus();
  });

  let depth = 0;
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  window.addEventListener("dragenter", (event) => {
    if (hasFiles(event) && ++depth) stage.classList.add("is-dragging");
  });
  window.addEventListener("dragleave", (event) => {
    if (hasFiles(event) && --depth <= 0) stage.classList.remove("is-dragging");
  });
  window.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  window.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    stage.classList.remove("is-dragging");
    const file = findFirstFile(event.dataTransfer);
    if (file) usePicture(file);
  });
  window.addEventListener("paste", (event) => {
    const file = findFirstFile(event.clipboardData);
    if (!file) return;
    event.preventDefault();
    usePicture(file);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "o" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest("input, textarea, select, dialog")) input.click();
  });

  // Refuses to send the form without a picture.
  form.addEventListener(
    "submit",
    (event) => {
      if (input.files.length || source.value || samples.some((sample) => sample.checked)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      showError(texts.textMissing);
      stage.scrollIntoView({ block: "nearest" });
      input.focus({ preventScroll: true });
    },
    { capture: true },
  );

  const selectedSample = samples.find((sample) => sample.checked);
  if (input.files[0]) usePicture(input.files[0]); // the browser kept the file across a reload
  else if (selectedSample && !source.value) useSample(selectedSample);
})();
