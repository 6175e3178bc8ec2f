// Pictures in formats that the tools don't work on. The server converts them: no browser reads all of them, and a canvas
// would lose the date, the place and the colour profile.
import { fillText } from "./texts.js";

const START_BYTES = 80;
const TOKEN = "csrfmiddlewaretoken";
const SIGNATURES = [
  ["GIF", /^GIF8[79]a/],
  ["WebP", /^RIFF[^]{4}WEBP/],
  ["TIFF", /^(II[*+]\0|MM\0[*+])/],
  ["BMP", /^BM[^]{13}\0{3}/],
  // The major brand tells the format; that of any container leaves it to the compatible ones behind it.
  ["AVIF", /^[^]{4}ftyp(avi[fs]|(mif1|msf1|miaf)[^]{4}([^]{4})*?avi[fs])/],
  ["HEIC", /^[^]{4}ftyp(hei[cxms]|hev[cxms]|mif1|msf1|miaf)/],
];

// Returns the format's name for people, or "". An empty file, a folder, and a file that has gone have none.
export async function detectForeignFormat(file) {
  const bytes = new Uint8Array(await file.slice(0, START_BYTES).arrayBuffer().catch(() => []));
  const start = String.fromCharCode(...bytes);
  return SIGNATURES.find(([, signature]) => signature.test(start))?.[0] ?? "";
}

// Shows the sentence and a button that has the server convert the file, and the stage show the result.
export function offerConversion(stage, file, sentence) {
  stage.showNotice(sentence);
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "button button-small", textContent: stage.dataset.textConvert });
  button.addEventListener("click", () => convert(stage, file));
  document.getElementById("picture-error").append(button);
}

// The stage waits for it as for the check of a file: whoever chooses another one meanwhile gets that.
function convert(stage, file) {
  stage.showNotice(fillText(stage.dataset.textConverting, { name: file.name }));
  const converting = requestConversion(stage, file).then((answer) => stage.checking === converting && settle(stage, file, answer));
  stage.checking = converting;
}

function settle(stage, file, { picture, error }) {
  stage.checking = null;
  if (picture) stage.useStored(picture);
  else if (error) stage.showError(`${file.name}: ${error}`);
  else offerConversion(stage, file, fillText(stage.dataset.textNotConverted, { name: file.name }));
  return Boolean(picture);
}

// Returns the picture, or the server's sentence; neither if the server can't be reached or knows the person no more.
async function requestConversion({ form, dataset }, file) {
  const body = new FormData();
  body.append(TOKEN, form.elements.namedItem(TOKEN).value);
  body.append("picture", file);
  const response = await fetch(dataset.convertUrl, { method: "POST", body }).catch(() => null);
  const answer = (await response?.json().catch(() => null)) ?? {};
  return response?.status === 201 ? { picture: answer } : { error: answer.error };
}
