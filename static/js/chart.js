// figure[data-chart="ID"]: draws the data of the JSON block with that id; its table stays a click away.

const { Chart } = window;
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const still = window.matchMedia("(prefers-reduced-motion: reduce)");
const known = new Map();


function colour(name, share = 1) {
  const value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  if (share === 1) return value;
  const hex = value.replace("#", "");
  const [red, green, blue] = [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return `rgba(${red}, ${green}, ${blue}, ${share})`;
}

function hatch(name) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.strokeStyle = colour(name);
  pen.lineWidth = 1.6;
  pen.beginPath();
  for (const at of [-8, 0, 8]) {
    pen.moveTo(at, 8);
    pen.lineTo(at + 8, 0);
  }
  pen.stroke();
  return pen.createPattern(tile, "repeat");
}

function datasets(chart) {
  return chart.series.flatMap((series, at) => {
    const name = series.colour || ["accent", "c2", "c3", "c4", "c5"][at % 5];
    const line = chart.type === "line";
    const main = {
      label: series.label, data: series.values, borderColor: colour(name), borderWidth: line ? (series.faint ? 1 : 2) : 0, borderDash: series.faint ? [2, 4] : series.dashed ? [4, 3] : [],
      backgroundColor: line ? colour(name) : series.hatched ? hatch(name) : colour(name),
      pointRadius: (series.marks || []).length ? series.marks.map((mark) => (mark ? 6 : 0)) : 0, pointStyle: "rectRot", pointHoverRadius: 4, pointHitRadius: 12, tension: 0, borderRadius: line ? 0 : 2, maxBarThickness: 28, stepped: series.stepped || false, spanGaps: true,
    };
    if (!series.low || !series.high) return [main];
    if (!line) return [{ ...main, low: series.low, high: series.high }];
    const band = { borderWidth: 0, pointRadius: 0, pointHitRadius: 0, label: "", stepped: series.stepped || false };
    return [{ ...band, data: series.low, fill: false }, { ...band, data: series.high, fill: "-1", backgroundColor: colour(name, 0.16) }, main];
  });
}

// Names stand at the ends of lines rather than in a legend.
const ends = {
  id: "ends",
  afterDatasetsDraw(chart) {
    if (chart.config.type !== "line") return;
    const pen = chart.ctx;
    const taken = [];
    chart.data.datasets.forEach((set, at) => {
      if (!set.label) return;
      const points = chart.getDatasetMeta(at).data.filter((point) => Number.isFinite(point.y) && !point.skip);
      const last = points[points.length - 1];
      if (!last) return;
      let y = last.y;
      while (taken.some((other) => Math.abs(other - y) < 13)) y += 13;
      taken.push(y);
      pen.save();
      pen.fillStyle = set.borderColor;
      pen.font = `600 12px ${getComputedStyle(document.body).fontFamily}`;
      pen.textBaseline = "middle";
      pen.fillText(set.label, last.x + 6, y);
      pen.restore();
    });
  },
};

// Ranges of bars as upright lines with ends.
const whiskers = {
  id: "whiskers",
  afterDatasetsDraw(chart) {
    const pen = chart.ctx;
    chart.data.datasets.forEach((set, at) => {
      if (!set.low || !set.high) return;
      pen.save();
      pen.strokeStyle = colour("ink-2");
      pen.lineWidth = 1.4;
      pen.beginPath();
      chart.getDatasetMeta(at).data.forEach((bar, place) => {
        const [low, high] = [set.low[place], set.high[place]].map((value) => chart.scales.y.getPixelForValue(value));
        for (const y of [low, high]) {
          pen.moveTo(bar.x - 4, y);
          pen.lineTo(bar.x + 4, y);
        }
        pen.moveTo(bar.x, low);
        pen.lineTo(bar.x, high);
      });
      pen.stroke();
      pen.restore();
    });
  },
};

function told(item, unit) {
  const { low, high, label } = item.dataset;
  const range = low && high ? ` (${[low, high].map((row) => row[item.dataIndex].toLocaleString()).join(" – ")})` : "";
  return `${label}: ${item.formattedValue}${range} ${unit || ""}`;
}

// Only at some labels of the x axis, where a chart names these.
function ticks(chart) {
  if (!chart.ticks) return { autoSkipPadding: 12 };
  return { autoSkip: false, callback: (_, at) => (chart.ticks.includes(chart.labels[at]) ? chart.labels[at] : null) };
}

function options(chart) {
  const several = chart.series.length > 1;
  const font = { size: 12, family: getComputedStyle(document.body).fontFamily };
  const longest = Math.max(...chart.series.map((series) => series.label.length));
  const line = chart.type === "line";
  return {
    animation: false, responsive: true, maintainAspectRatio: false, interaction: { mode: "index", intersect: false },
    transitions: still.matches ? {} : { active: { animation: { duration: 120 } } },
    layout: { padding: { right: line ? longest * 8 + 10 : 0, top: 8 } },
    scales: {
      x: { title: { display: Boolean(chart.x), text: chart.x, align: "end", color: colour("ink-3"), font, padding: 0 }, stacked: Boolean(chart.stacked), border: { color: colour("line-2") }, grid: { display: false }, ticks: { color: colour("ink-3"), font, maxRotation: 0, ...ticks(chart) } },
      y: { stacked: Boolean(chart.stacked), beginAtZero: true, max: chart.max, suggestedMax: line ? undefined : Math.max(...chart.series.flatMap((series) => series.high || [])), border: { display: false }, grid: { color: colour("line") }, ticks: { color: colour("ink-3"), font, maxTicksLimit: 5 } },
    },
    plugins: {
      legend: { display: !line && several, align: "end", labels: { boxWidth: 10, boxHeight: 10, color: colour("ink-2"), font } },
      tooltip: {
        filter: (item) => item.dataset.label !== "", backgroundColor: colour("raise"), titleColor: colour("ink"), bodyColor: colour("ink-2"), borderColor: colour("line"), borderWidth: 1,
        callbacks: { label: (item) => told(item, chart.unit) },
      },
    },
  };
}

function draw(figure) {
  const chart = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
  known.get(figure)?.destroy();
  known.set(figure, new Chart(figure.querySelector("canvas"), { type: chart.type, data: { labels: chart.labels, datasets: datasets(chart) }, options: options(chart), plugins: [ends, whiskers] }));
}

function look(figure, view) {
  figure.dataset.view = view;
  for (const button of figure.querySelectorAll("[data-chart-view]")) button.setAttribute("aria-pressed", String(button.dataset.chartView === view));
  if (view === "chart") draw(figure);
}

function visit(root) {
  for (const figure of root.querySelectorAll("figure[data-chart]")) if (!known.has(figure)) look(figure, "chart");
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-chart-view]");
  if (button) look(button.closest("figure"), button.dataset.chartView);
});
dark.addEventListener("change", () => known.forEach((_, figure) => draw(figure)));
document.addEventListener("htmx:load", (event) => visit(event.detail.elt));
visit(document);
