// Stacked bars, drawn from the table beside them. The arrow keys move between the bars, which are announced; Enter and
// a click open the charges of one.
import "../vendor/chart.js/chart.umd.min.js";
import { fillText } from "./texts.js";

const { Chart } = globalThis;
const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
const LABEL_GAP = 18; // px between labels at the axis

const readTable = (table) => {
  const rows = [...table.querySelectorAll("tbody tr")];
  const heads = [...table.querySelectorAll("thead [data-series]")];
  return {
    labels: rows.map((row) => row.dataset.label),
    titles: rows.map((row) => row.querySelector("th").textContent.trim()),
    links: rows.map((row) => row.querySelector("a").href),
    series: heads.map((head, number) => ({
      name: head.textContent,
      colour: head.dataset.series,
      credits: rows.map((row) => Number(row.querySelectorAll("[data-credits]")[number].dataset.credits)),
    })),
  };
};
const formatCredits = (amount) => new Intl.NumberFormat(undefined, { maximumFractionDigits: 3 }).format(amount);

class UsageChart extends HTMLElement {
  connectedCallback() {
    this.data = readTable(this.querySelector("table"));
    this.place = -1;
    this.canvas = document.createElement("canvas");
    Object.assign(this.canvas, { tabIndex: 0, role: "application" });
    this.canvas.setAttribute("aria-label", this.dataset.textLabel);
    this.querySelector(".chart-frame").append(this.canvas);
    this.canvas.addEventListener("keydown", (event) => this.move(event));
    this.canvas.addEventListener("blur", () => this.select(-1));
    this.legend = [...this.querySelectorAll(".chart-legend button")];
    this.legend.forEach((button, number) => button.addEventListener("click", () => this.toggle(button, number)));
    this.ends = new AbortController();
    const { signal } = this.ends;
    const redraw = () => this.draw();
    this.theme = new MutationObserver(redraw);
    this.theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw, { signal });
    window.addEventListener("beforeprint", () => this.print(true), { signal });
    window.addEventListener("afterprint", () => this.print(false), { signal });
    document.fonts.ready.then(() => this.isConnected && this.draw());
  }

  disconnectedCallback() {
    this.ends.abort();
    this.theme.disconnect();
    this.chart?.destroy();
    this.canvas.remove();
  }

  // Chart.js knows no CSS: a probe tells what the tokens are in the theme of the page, or on paper in the light one.
  readColours(theme) {
    const probe = document.createElement("span");
    probe.hidden = true;
    if (theme) probe.dataset.theme = theme;
    this.append(probe);
    const style = getComputedStyle(probe);
    const read = (token) => {
      probe.style.color = `var(--${token})`;
      return style.color;
    };
    const colours = {
      font: style.fontFamily,
      series: this.data.series.map(({ colour }) => read(`series-${colour}`)),
      ...Object.fromEntries(["ink", "ink-soft", "line", "surface", "raised"].map((token) => [token, read(token)])),
    };
    probe.remove();
    return colours;
  }

  // Anew, since Chart.js keeps the colours of bars that it has drawn.
  draw(theme) {
    const colours = this.readColours(theme);
    this.chart?.destroy();
    Object.assign(Chart.defaults.font, { family: colours.font, size: 12 });
    this.chart = new Chart(this.canvas, {
      type: "bar",
      data: {
        labels: this.data.labels,
        datasets: this.data.series.map(({ name, credits }, number) => ({
          label: name,
          data: credits,
          hidden: this.legend[number].getAttribute("aria-pressed") === "false",
          backgroundColor: colours.series[number],
          borderColor: colours.surface,
          borderWidth: { top: 1 },
          borderSkipped: false,
          maxBarThickness: 44,
          categoryPercentage: 0.86,
          barPercentage: 1,
        })),
      },
      options: {
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        interaction: { mode: "index", intersect: false },
        onClick: (_event, active) => active.length && this.open(active[0].index),
        onHover: (_event, active) => this.canvas.classList.toggle("is-link", active.length > 0),
        plugins: { legend: { display: false }, tooltip: this.buildTooltip(colours) },
        scales: this.buildScales(colours),
      },
    });
  }

  buildTooltip(colours) {
    return {
      filter: ({ raw }) => raw !== 0,
      itemSort: (one, other) => other.datasetIndex - one.datasetIndex,
      padding: 12,
      cornerRadius: 8,
      boxPadding: 6,
      boxWidth: 10,
      boxHeight: 10,
      backgroundColor: colours.raised,
      borderColor: colours.line,
      borderWidth: 1,
      titleColor: colours.ink,
      bodyColor: colours.ink,
      footerColor: colours.ink,
      multiKeyBackground: colours.raised,
      callbacks: {
        title: ([first]) => (first ? this.data.titles[first.dataIndex] : ""),
        label: ({ dataset, raw }) => `${dataset.label}  ${formatCredits(raw)}`,
        footer: (items) => (items.length > 1 ? formatCredits(items.reduce((sum, { raw }) => sum + raw, 0)) : ""),
      },
    };
  }

  buildScales(colours) {
    const ticks = { color: colours["ink-soft"] };
    return {
      x: {
        stacked: true,
        grid: { display: false },
        border: { color: colours.line },
        ticks: { ...ticks, maxRotation: 0, autoSkipPadding: LABEL_GAP },
      },
      y: {
        stacked: true,
        beginAtZero: true,
        grid: { color: colours.line },
        border: { display: false },
        ticks: { ...ticks, maxTicksLimit: 6, padding: 8 },
      },
    };
  }

  print(isPrinting) {
    const details = this.querySelector("details");
    if (isPrinting) this.wasOpen = details.open;
    details.open = isPrinting || this.wasOpen;
    this.draw(isPrinting ? "light" : undefined);
  }

  toggle(button, number) {
    const isShown = button.getAttribute("aria-pressed") === "false";
    button.setAttribute("aria-pressed", String(isShown));
    this.chart.setDatasetVisibility(number, isShown);
    this.chart.update("none");
  }

  move(event) {
    if (event.key === "Enter" && this.place >= 0) return this.open(this.place);
    if (event.key === "Escape") return this.select(-1);
    const step = STEPS[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return undefined;
    event.preventDefault();
    const last = this.data.labels.length - 1;
    const start = this.place < 0 && step === -1 ? last + 1 : this.place;
    return this.select(Math.min(Math.max(start + step, 0), last));
  }

  select(place) {
    if (!this.chart || place === this.place) return;
    this.place = place;
    const shown = this.data.series.map((_one, number) => number).filter((number) => this.chart.isDatasetVisible(number));
    const active = place < 0 ? [] : shown.map((datasetIndex) => ({ datasetIndex, index: place }));
    const bar = place < 0 ? { x: 0, y: 0 } : this.chart.getDatasetMeta(0).data[place];
    this.chart.setActiveElements(active);
    this.chart.tooltip.setActiveElements(active, { x: bar.x, y: bar.y });
    this.chart.update("none");
    this.querySelector("[role=status]").textContent = place < 0 ? "" : this.describe(place, shown);
  }

  describe(place, shown) {
    const parts = shown
      .map((number) => this.data.series[number])
      .filter(({ credits }) => credits[place])
      .map(({ name, credits }) => fillText(this.dataset.textPart, { name, credits: formatCredits(credits[place]) }));
    const total = shown.reduce((sum, number) => sum + this.data.series[number].credits[place], 0);
    return fillText(this.dataset.textBar, {
      title: this.data.titles[place],
      total: formatCredits(total),
      parts: parts.join(", "),
    });
  }

  open(place) {
    window.location.assign(this.data.links[place]);
  }
}
customElements.define("usage-chart", UsageChart);
