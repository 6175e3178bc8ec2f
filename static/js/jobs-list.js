// The list of jobs follows them: it tells the server which rows it has, asks less and less often while nothing changes,
// and nothing while nobody sees it. Clocks run between the responses.
import { runClock } from "./durations.js";
import { fillText } from "./texts.js";

const FIRST_PAUSE_MS = 2000; // a result appears soon after it is done
const LONGEST_PAUSE_MS = 15_000; // what waits for an hour costs little
const GROWTH = 1.5;
const NO_CHANGE = 204;
const LIST = "jobs-list";

let pause = FIRST_PAUSE_MS;
let timer = 0;
let clocks = [];

const findList = () => document.getElementById(LIST);
const isActive = (row) => row.querySelector("[data-elapsed]") !== null;
const readState = (row) => row.querySelector(".chip").textContent.trim();

function poll() {
  const list = findList();
  if (list?.hasAttribute("hx-get")) window.htmx.trigger(list, "poll");
}

function schedulePoll() {
  window.clearTimeout(timer);
  if (!document.hidden) timer = window.setTimeout(poll, pause);
}

function runClocks() {
  clocks.forEach(window.clearInterval);
  clocks = [...document.querySelectorAll(`#${LIST} [data-elapsed]`)].map(runClock);
}

// Rows whose jobs have ended since the last look.
let active = new Set();
function announceEnds() {
  const rows = [...(findList()?.children ?? [])];
  const box = document.getElementById("jobs-announce");
  const ended = rows.filter((row) => active.has(row.id) && !isActive(row));
  const sentences = ended.map((row) =>
    fillText(box.dataset.textEnded, { name: row.querySelector(".job-name").textContent, state: readState(row) }),
  );
  if (sentences.length) box.textContent = sentences.join(" ");
  active = new Set(rows.filter(isActive).map((row) => row.id));
}

document.addEventListener("htmx:configRequest", (event) => {
  if (event.target.id !== LIST) return;
  event.detail.headers["X-Rows"] = [...event.target.children].map((row) => row.dataset.key).join();
});
document.addEventListener("htmx:afterRequest", ({ detail: { xhr, requestConfig } }) => {
  if (requestConfig.elt.id !== LIST) return;
  pause = xhr.status === NO_CHANGE ? Math.min(pause * GROWTH, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
  runClocks();
  announceEnds();
  schedulePoll();
});
document.addEventListener("visibilitychange", () => {
  window.clearTimeout(timer);
  if (document.hidden) return;
  pause = FIRST_PAUSE_MS;
  poll();
});
runClocks();
announceEnds();
schedulePoll();
