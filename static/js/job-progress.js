// The progress of an active job: a clock that runs between server responses, a bar that moves from the old value to
// the new one, and announcements for screen readers. Each response brings a new element.
import { runClock } from "./durations.js";
import { fillText } from "./texts.js";

const ANNOUNCE_EVERY_PERCENT = 25;
let announced = "";
let shownValue = null;

function announce(text) {
  if (text && text !== announced) document.getElementById("job-announce").textContent = announced = text;
}

class JobProgress extends HTMLElement {
  connectedCallback() {
    const percent = Number(this.querySelector("[data-percent]").dataset.percent);
    const quarter = Math.floor(percent / ANNOUNCE_EVERY_PERCENT) * ANNOUNCE_EVERY_PERCENT;
    announce(quarter ? fillText(this.dataset.textPercent, { percent: quarter }) : this.dataset.announce);
    this.moveBar(this.querySelector("progress"));
    this.clock = runClock(this.querySelector("[data-elapsed]"));
    // After a sign-out or a deletion in another window, the reloaded page says which.
    this.addEventListener("htmx:responseError", (event) => event.detail.xhr.status === 404 && window.location.reload());
  }

  disconnectedCallback() {
    window.clearInterval(this.clock);
    if (!document.querySelector("job-progress")) announce(document.getElementById("job")?.dataset.announce);
  }

  moveBar(bar) {
    if (!bar.hasAttribute("value")) return;
    const { value } = bar;
    if (shownValue !== null && shownValue < value) {
      bar.value = shownValue;
      window.requestAnimationFrame(() => window.requestAnimationFrame(() => (bar.value = value)));
    }
    shownValue = value;
  }
}

customElements.define("job-progress", JobProgress);
