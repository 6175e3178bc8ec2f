// The page of a job that moves: a clock that runs between two answers of the server, and news for screen readers.
(() => {
  "use strict";
  const TICK_MS = 500;
  const ANNOUNCE_EVERY_PERCENT = 25;
  const announcer = document.getElementById("job-announce");
  let said = "";
  let clock = { element: null, from: 0, base: 0 };

  const words = (seconds) => {
    if (seconds < 60) return `${seconds} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
    return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  };

  function tick() {
    const element = document.querySelector("[data-elapsed]");
    if (!element) return;
    if (element !== clock.element) clock = { element, from: performance.now(), base: Number(element.dataset.elapsed) };
    element.textContent = words(clock.base + Math.floor((performance.now() - clock.from) / 1000));
  }

  function announce() {
    const progress = document.getElementById("job-progress");
    const percent = Number(progress?.querySelector("[data-percent]")?.dataset.percent || 0);
    const quarter = Math.floor(percent / ANNOUNCE_EVERY_PERCENT) * ANNOUNCE_EVERY_PERCENT;
    const phase = (progress ?? document.getElementById("job"))?.dataset.announce ?? "";
    const news = progress && quarter ? window.fillText(progress.dataset.textPercent, { percent: quarter }) : phase;
    if (news && news !== said) announcer.textContent = said = news;
  }

  // The bar that arrives is a new element: it begins where the old one was and moves from there.
  let reached = null;
  function glide() {
    const bar = document.getElementById("job-bar");
    if (!bar?.hasAttribute("value")) return;
    const target = bar.value;
    if (reached !== null && reached < target) {
      bar.value = reached;
      window.requestAnimationFrame(() => window.requestAnimationFrame(() => (bar.value = target)));
    }
    reached = target;
  }

  if (document.getElementById("job-progress")) {
    announce();
    window.setInterval(tick, TICK_MS);
    document.addEventListener("htmx:afterSwap", () => {
      announce();
      glide();
    });
    // Logged out, or deleted in another window: the page itself says which.
    document.addEventListener("htmx:responseError", (event) => event.detail.xhr.status === 404 && window.location.reload());
  }
})();
