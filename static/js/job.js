// The page of an active job: a clock that runs between server responses, and announcements for screen readers.
(() => {
  "use strict";
  const TICK_MS = 500;
  const ANNOUNCE_EVERY_PERCENT = 25;
  const announcer = document.getElementById("job-announce");
  let announced = "";
  let clock = { element: null, from: 0, base: 0 };

  const formatDuration = (seconds) => {
    if (seconds < 60) return `${seconds} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
    return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  };

  function updateClock() {
    const element = document.querySelector("[data-elapsed]");
    if (!element) return;
    if (element !== clock.element) clock = { element, from: performance.now(), base: Number(element.dataset.elapsed) };
    element.textContent = formatDuration(clock.base + Math.floor((performance.now() - clock.from) / 1000));
  }

  function announce() {
    const progress = document.getElementById("job-progress");
    const percent = Number(progress?.querySelector("[data-percent]")?.dataset.percent || 0);
    const quarter = Math.floor(percent / ANNOUNCE_EVERY_PERCENT) * ANNOUNCE_EVERY_PERCENT;
    const phase = (progress ?? document.getElementById("job"))?.dataset.announce ?? "";
    const text = progress && quarter ? window.fillText(progress.dataset.textPercent, { percent: quarter }) : phase;
    if (text && text !== announced) announcer.textContent = announced = text;
  }

  // Each response brings a new bar: it starts at the value of the old one and moves from there.
  let shownValue = null;
  function animateBar() {
    const bar = document.getElementById("job-bar");
    if (!bar?.hasAttribute("value")) return;
    const target = bar.value;
    if (shownValue !== null && shownValue < target) {
      bar.value = shownValue;
      window.requestAnimationFrame(() => window.requestAnimationFrame(() => (bar.value = target)));
    }
    shownValue = target;
  }

  if (document.getElementById("job-progress")) {
    announce();
    window.setInterval(updateClock, TICK_MS);
    document.addEventListener("htmx:afterSwap", () => {
      announce();
      animateBar();
    });
    // After a log-out or a deletion in another window, the reloaded page says which.
    document.addEventListener("htmx:responseError", (event) => event.detail.xhr.status === 404 && window.location.reload());
  }
})();
