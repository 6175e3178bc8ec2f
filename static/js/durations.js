// How long something has taken, and clocks that count on between server responses.
const TICK_MS = 500;

export function formatDuration(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

// Counts on in an element with data-elapsed, in seconds, and returns the interval's id.
export function runClock(output) {
  const start = performance.now() - 1000 * output.dataset.elapsed;
  return window.setInterval(() => {
    const seconds = Math.floor((performance.now() - start) / 1000);
    if (seconds) output.textContent = formatDuration(seconds);
  }, TICK_MS);
}
