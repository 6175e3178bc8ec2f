// The stage of a feature's page: a picture comes by drop, paste, file or sample, is checked at once and shown.
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

  const error = () => document.getElementById("picture-error");
  const texts = stage.dataset;
  const megabytes = (bytes) => (bytes / MEGABYTE).toFixed(1);
  const megapixels = (pixels) => (pixels / 1e6).toFixed(1);
  const size = (bytes) => (bytes < MEGABYTE ? `${Math.round(bytes / 1024)} kB` : `${megabytes(bytes)} MB`);

  function refuse(sentence, offer) {
    const box = error();
    box.replaceChildren(document.createTextNode(sentence));
    if (!offer) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-quiet btn-sm";
    button.textContent = offer.label;
    button.addEventListener("click", offer.act, { once: true });
    box.append(button);
  }

  function show({ url, name, width, height, bytes }) {
    if (shownUrl) URL.revokeObjectURL(shownUrl);
    shownUrl = url.startsWith("blob:") ? url : "";
    refuse("");
    preview.src = url;
    preview.alt = name;
    preview.hidden = false;
    drop.hidden = true;
    bar.hidden = false;
    document.getElementById("picture-name").textContent = name;
    const facts = document.getElementById("picture-facts");
    facts.dataset.width = width;
    facts.dataset.height = height;
    facts.textContent = `${width} × ${height} px${bytes ? ` · ${size(bytes)}` : ""}`;
    form.dispatchEvent(new CustomEvent("picture:changed"));
  }

  function clear() {
    input.value = "";
    source.value = "";
    samples.forEach((sample) => (sample.checked = false));
    preview.hidden = true;
    preview.removeAttribute("src");
    drop.hidden = false;
    bar.hidden = true;
    refuse("");
    form.dispatchEvent(new CustomEvent("picture:changed"));
  }

  async function kindOf(file) {
    const head = new Uint8Array(await file.slice(0, 8).arrayBuffer());
    if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return "JPG";
    if ([0x89, 0x50, 0x4e, 0x47].every((byte, index) => head[index] === byte)) return "PNG";
    return "";
  }

  async function open(url) {
    const image = new Image();
    image.src = url;
    try {
      await image.decode();
      return image;
    } catch {
      return null;
    }
  }

  function problemWith(file, kind, image) {
    const say = (sentence, size, limit) => window.fillText(sentence, { name: file.name, size, limit });
    if (file.size === 0) return texts.textEmpty;
    if (!image) return say(kind ? texts.textDamaged : texts.textUnreadable);
    if (!kind) return say(texts.textKind);
    if (file.size > limits.bytes) return say(texts.textBytes, megabytes(file.size), megabytes(limits.bytes));
    const pixels = image.naturalWidth * image.naturalHeight;
    if (pixels > limits.pixels) return say(texts.textPixels, megapixels(pixels), megapixels(limits.pixels));
    return "";
  }

  // Draws the picture no larger than the limit and writes it as a JPG, at the best quality that fits.
  async function fitted(image, name) {
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

  async function take(file) {
    const url = URL.createObjectURL(file);
    const [kind, image] = await Promise.all([kindOf(file), open(url)]);
    const problem = problemWith(file, kind, image);
    if (problem) {
      clear();
      const label = kind ? texts.textShrink : texts.textConvert;
      refuse(problem, image && file.size && {
        label,
        act: async () => {
          const smaller = await fitted(image, file.name);
          if (smaller) await take(smaller);
          else refuse(texts.textTooLarge);
        },
      });
      return;
    }
    const transfer = new DataTransfer();
    transfer.items.add(file);
    input.files = transfer.files;
    source.value = "";
    samples.forEach((sample) => (sample.checked = false));
    show({ url, name: file.name, width: image.naturalWidth, height: image.naturalHeight, bytes: file.size });
    document.getElementById("submit-job")?.focus({ preventScroll: true });
  }

  function takeSample(sample) {
    input.value = "";
    source.value = "";
    const { name, width, height } = sample.dataset;
    show({ url: sample.parentElement.querySelector("img").src, name, width, height });
  }

  const pictureIn = (transfer) => [...(transfer?.files ?? [])][0];

  input.addEventListener("change", () => input.files[0] && take(input.files[0]));
  samples.forEach((sample) => sample.addEventListener("change", () => takeSample(sample)));
  document.getElementById("picture-replace").addEventListener("click", () => {
    clear();
    input.focus();
  });

  let depth = 0;
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  window.addEventListener("dragenter", (event) => {
    if (carriesFiles(event) && ++depth) stage.classList.add("is-dragging");
  });
  window.addEventListener("dragleave", (event) => {
    if (carriesFiles(event) && --depth <= 0) stage.classList.remove("is-dragging");
  });
  window.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
  window.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth = 0;
    stage.classList.remove("is-dragging");
    const file = pictureIn(event.dataTransfer);
    if (file) take(file);
  });
  window.addEventListener("paste", (event) => {
    const file = pictureIn(event.clipboardData);
    if (!file) return;
    event.preventDefault();
    take(file);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "o" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest("input, textarea, select, dialog")) input.click();
  });

  // Before anything travels: is there a picture at all?
  form.addEventListener(
    "submit",
    (event) => {
      if (input.files.length || source.value || samples.some((sample) => sample.checked)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      refuse(texts.textMissing);
      stage.scrollIntoView({ block: "nearest" });
      input.focus({ preventScroll: true });
    },
    { capture: true },
  );

  const begun = samples.find((sample) => sample.checked);
  if (input.files[0]) take(input.files[0]); // the browser kept it over a reload
  else if (begun && !source.value) takeSample(begun);
})();
