// How long something has taken, and clocks that count on between server responses.
import { fillText } from "./texts.js";

const TICK_MS = 500;

export function formatDuration(seconds) {
  const texts = document.body.dataset;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (seconds < 60) return fillText(texts.textSeconds, { seconds });
  if (!hours) return fillText(texts.textMinutes, { minutes, seconds: seconds % 60 });
  return fillText(texts.textHours, { hours, minutes });
}

// Counts on in an element with data-elapsed, in seconds, and returns the interval's id.
export function runClock(output) {
  const start = performance.now() - 1000 * output.dataset.elapsed;
  return window.setInterval(() => {
    const seconds = Math.floor((performance.now() - start) / 1000);
    if (seconds) output.textContent = formatDuration(seconds);
  }, TICK_MS);
}
