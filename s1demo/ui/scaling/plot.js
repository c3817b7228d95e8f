// A plotly figure on the page. Gradio's own plot component brings plotly, so it is asked for with the first figure only.
// Figures are made by s1demo/plots; text in them is escaped there, as plotly reads a little HTML.

import { LANGUAGE, NUMBER_SIGNS, phrase, t } from "../page/language.js";

const PLOTLY_PATIENCE_SECONDS = 30;
const PLOT_CONFIG = { displaylogo: false, responsive: true, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "toImage"] };

// Plotly, once it is there; null where it does not come.
async function plotlyLibrary(askFor) {
  if (!window.Plotly) askFor();
  for (let waited = 0; !window.Plotly && waited < 1000 * PLOTLY_PATIENCE_SECONDS; waited += 50) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return window.Plotly ?? null;
}

// A figure with larger type, marks and margins: plotly loses the pointer where CSS zooms it, so page.css does not (projector mode).
function enlarged(figure, zoom) {
  const grow = (value, name, of) => {
    if (typeof value === "number") return name === "size" || name === "height" || of === "margin" || (of === "line" && name === "width") ? value * zoom : value;
    if (Array.isArray(value)) return name === "annotations" || name === "shapes" ? value.map((one) => grow(one, "", name)) : value;
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, grow(inner, key, name)]));
  };
  const layout = grow(figure.layout, "", "");
  return { data: figure.data.map((trace) => grow(trace, "", "")), layout: { ...layout, font: { ...layout.font, size: layout.font?.size ?? 12 * zoom } } };
}

// A figure's own words in the page's language; names of models and labels from files have none and stay.
function inLanguage({ data, layout }) {
  const lines = (text) => String(text).split("<br>").map((line) => phrase(line)).join("<br>");
  const name = (text) => text.split("<br>").join(" ").split(": ").map((part) => t(part)).join(": ").replace(/(.{18}\S*) /g, "$1<br>");
  const each = (value, say) => (Array.isArray(value) ? value.map(say) : value && say(value));
  for (const [key, axis] of Object.entries(layout)) {
    if (!/^[xy]axis\d*$/.test(key)) continue;
    if (axis.title?.text) axis.title.text = t(axis.title.text);
    if (axis.ticktext) axis.ticktext = axis.ticktext.map((tick) => t(tick));
  }
  for (const note of layout.annotations ?? []) note.text = t(note.text);
  for (const trace of data) {
    if (LANGUAGE !== "en" && trace.name) trace.name = name(trace.name);
    if (trace.legendgrouptitle) trace.legendgrouptitle.text = t(trace.legendgrouptitle.text);
    trace.hovertext = each(trace.hovertext, lines);
  }
  layout.separators = NUMBER_SIGNS.decimal + NUMBER_SIGNS.group;
  return { data, layout };
}

// What a point was measured by or printed in, as s1demo/plots put it in the trace's meta.
function sourceOf({ data: { meta }, pointNumber }) {
  return (Array.isArray(meta?.source) ? meta.source[pointNumber] : meta?.source) ?? "";
}

export class PlotlyFigure {
  // node: where to draw; askFor(): load plotly; onPoint(customdata): a point that opens something was clicked; onSource(text): the
  // pointer is on a point with this source, or on none
  constructor(node, askFor, onPoint, onSource) {
    Object.assign(this, { node, askFor, onPoint, onSource, wanted: 0, ring: null });
    document.addEventListener("s1-projector", () => this.show());
  }

  // Draw a figure (JSON text); of several asked for in a row, the last. Resolves to whether it could be drawn.
  async draw(text) {
    const number = ++this.wanted;
    const plotly = await plotlyLibrary(this.askFor);
    if (number !== this.wanted) return true;
    if (!plotly) return false;
    this.figure = inLanguage(JSON.parse(text));
    await this.show();
    return true;
  }

  async show() {
    if (!this.figure) return;
    const first = !this.node.on;
    if (first) this.node.replaceChildren();
    const zoom = Number(getComputedStyle(document.documentElement).getPropertyValue("--s1-zoom"));
    const { data, layout } = zoom === 1 ? this.figure : enlarged(this.figure, zoom);
    this.width = this.node.clientWidth;
    await window.Plotly.react(this.node, [...data, ...this.ringed(data, layout)], layout, PLOT_CONFIG);
    if (!first) return;
    this.node.on("plotly_click", ({ points }) => points[0].customdata && this.onPoint(points[0].customdata));
    this.node.on("plotly_hover", ({ points: [point] }) => {
      this.node.classList.toggle("opens", Boolean(point.customdata));
      this.onSource(sourceOf(point));
    });
    this.node.on("plotly_unhover", () => {
      this.node.classList.remove("opens");
      this.onSource("");
    });
  }

  // The page has given the figure another width.
  fit() {
    if (this.figure && this.node.clientWidth && this.node.clientWidth !== this.width) this.show();
  }

  // A ring around the point whose questions are open.
  mark(opened) {
    this.ring = opened && JSON.stringify(opened);
    return this.show();
  }

  ringed(data, layout) {
    for (const trace of this.ring ? data : []) {
      const at = trace.type === "scatter" ? (trace.customdata ?? []).findIndex((opens) => opens && JSON.stringify(opens) === this.ring) : -1;
      if (at < 0) continue;
      const line = { width: 2, color: layout.font.color };
      const marker = { symbol: "circle-open", size: 20, color: layout.font.color, line };
      return [{ type: "scatter", mode: "markers", x: [trace.x[at]], y: [trace.y[at]], xaxis: trace.xaxis, yaxis: trace.yaxis, marker, hoverinfo: "skip", showlegend: false }];
    }
    return [];
  }

  // The figure as a PNG's data URL, on a ground of its own.
  picture(ground, title) {
    const { width, height } = this.node.getBoundingClientRect();
    const margin = { ...this.figure.layout.margin, t: (this.figure.layout.margin?.t ?? 24) + 36 };
    const layout = { ...this.figure.layout, title: { text: title, x: 0.01, font: { size: 15 } }, margin, paper_bgcolor: ground, plot_bgcolor: ground };
    return window.Plotly.toImage({ data: this.figure.data, layout }, { format: "png", scale: 2, width, height: height + 36 });
  }
}
