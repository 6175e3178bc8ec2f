// A browser opens a dropped file in place of the page. On this site a file is always taken, or the page says where it
// would be: the stage of a feature's page answers "files-brought", other pages show their hint.
import { isTextField } from "./text-fields.js";
import { showToast } from "./toasts.js";

let isOwnDrag = false; // a picture or link of this page, which leads nowhere new
const hasFiles = (transfer) => transfer.types.includes("Files");
const hasLink = (transfer) => transfer.types.includes("text/uri-list");
const findStage = () => document.querySelector("picture-stage");
const canTake = () => !document.querySelector("dialog:modal") && (findStage() || document.getElementById("files-hint"));
const highlight = (isDragging) => findStage()?.classList.toggle("is-dragging", isDragging);

function bring(event, transfer) {
  event.preventDefault();
  const brought = new CustomEvent("files-brought", { detail: [...transfer.files], cancelable: true });
  if (document.dispatchEvent(brought)) showToast(document.getElementById("files-hint"));
}

document.addEventListener("dragstart", () => (isOwnDrag = true));
document.addEventListener("dragend", () => (isOwnDrag = false));
document.addEventListener("dragover", (event) => {
  const { dataTransfer, target } = event;
  if (isOwnDrag || !(hasFiles(dataTransfer) || (hasLink(dataTransfer) && !isTextField(target)))) return;
  event.preventDefault();
  const isTaken = hasFiles(dataTransfer) && canTake();
  if (!isTaken) dataTransfer.dropEffect = "none"; // the pointer tells
  highlight(isTaken);
});
document.addEventListener("dragleave", (event) => event.relatedTarget || highlight(false));
document.addEventListener("drop", (event) => {
  highlight(false);
  if (!isOwnDrag && hasFiles(event.dataTransfer)) bring(event, event.dataTransfer);
});
document.addEventListener("paste", (event) => {
  const { clipboardData, target } = event;
  // What has both a text and a picture, such as cells of a table, is text for a field.
  const isText = isTextField(target) && clipboardData.types.includes("text/plain");
  if (clipboardData.files.length && !isText && canTake()) bring(event, clipboardData);
});
