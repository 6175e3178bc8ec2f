// What can be said of a picture before it is uploaded, and a copy of it that keeps to the limits.
import { fillText } from "./texts.js";

const MEGABYTE = 1024 * 1024;
const JPEG_QUALITIES = [0.92, 0.85, 0.75, 0.6];
const formatMegabytes = (bytes) => (bytes / MEGABYTE).toFixed(1);
const formatMegapixels = (pixels) => (pixels / 1e6).toFixed(1);

export const formatSize = (bytes) => (bytes < MEGABYTE ? `${Math.round(bytes / 1024)} kB` : `${formatMegabytes(bytes)} MB`);

// Returns "JPG", "PNG" or "". A folder, and a file that has been removed since, can't be read.
export async function detectFormat(file) {
  const head = new Uint8Array(await file.slice(0, 4).arrayBuffer().catch(() => []));
  const startsWith = (bytes) => bytes.every((byte, index) => head[index] === byte);
  if (startsWith([0xff, 0xd8, 0xff])) return "JPG";
  return startsWith([0x89, 0x50, 0x4e, 0x47]) ? "PNG" : "";
}

// Returns null if the browser can't show it.
export async function decodeImage(url) {
  const image = new Image();
  image.src = url;
  return image.decode().then(() => image, () => null);
}

export function findProblem(file, format, image, limits, texts) {
  const fill = (sentence, size, limit) => fillText(sentence, { name: file.name, size, limit });
  if (file.size === 0) return texts.textEmpty;
  if (!image) return fill(format ? texts.textDamaged : texts.textUnreadable);
  if (!format) return fill(texts.textKind);
  if (file.size > limits.bytes) return fill(texts.textBytes, formatMegabytes(file.size), formatMegabytes(limits.bytes));
  const pixels = image.naturalWidth * image.naturalHeight;
  return pixels > limits.pixels ? fill(texts.textPixels, formatMegapixels(pixels), formatMegapixels(limits.pixels)) : "";
}

// Only for a JPG or PNG with too many bytes or pixels. Returns it as a JPG within the limits, at the best quality that fits, or null.
export async function shrinkToLimits(image, name, limits) {
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
