// The Scaling tab: what to look at in, one picture out. The page asks the server for every picture (`draw`) and shows the newest.

import * as address from "../page/address.js";
import { phrase, t } from "../page/language.js";
import { followLink, make, saveFile } from "../web/dom.js";
import { PlotlyFigure } from "./plot.js";
import { numbersTable, pillGroup, PointPanel } from "./points.js";
import { SweepPanel } from "./sweep.js";

const ANSWER_SECONDS = 20;
const NARROW = 760;

export function mount({ element, props, trigger, watch }) {
  const part = (name) => element.querySelector(name);
  const state = { look: "curve", benchmark: "", axis: "thinking", runs: null, sweep: "", point: null };
  let asked = 0, answered = 0, questionsAsked = 0, dirty = false, shown = null, drawnRevision = 0;
  const detail = part(".scaling-detail");
  const plot = new PlotlyFigure(part(".scaling-plot"), () => trigger("plotly"), openPoint, (source) => tellSource(source));
  const panel = new PointPanel(part(".scaling-point"), (wanted) => trigger("questions", { n: ++questionsAsked, ...wanted }), () => closePoint());
  const sweep = new SweepPanel(part(".sweep"), trigger, onProgress);
  const looks = [...element.querySelectorAll("[name=scaling-look]")];
  const benchmark = part("#scaling-benchmark"), axis = part("#scaling-axis"), details = part("details"), caption = part(".scaling-caption");

  function readAddress() {
    const { look, benchmark, axis, runs, sweep, point } = address.state("scaling");
    Object.assign(state, { look: look ?? "curve", benchmark: benchmark ?? "", axis: axis ?? "thinking", runs: runs?.split(",") ?? null, sweep: sweep ?? "" });
    state.point = point ? point.split("|") : null;
  }

  function writeAddress() {
    const { look, axis, runs, point } = state;
    address.set({ look: look === "curve" ? "" : look, benchmark: state.benchmark, axis: axis === "thinking" ? "" : axis, runs: runs?.join(",") ?? "", sweep: state.sweep, point: point?.join("|") ?? "" }, "scaling");
  }

  const narrow = () => innerWidth < NARROW;
  const dark = () => document.body.classList.contains("dark");

  function ask() {
    if (asked > answered) return (dirty = true);
    dirty = false;
    const n = ++asked;
    element.dataset.drawing = true;
    trigger("draw", { n, look: state.look, benchmark: state.benchmark, axis: state.axis, runs: state.runs, now: state.sweep, narrow: narrow(), dark: dark() });
    setTimeout(() => asked === n && answered < n && (say(t("The exhibit does not answer. Check the connection, then choose again.")), (answered = n)), 1000 * ANSWER_SECONDS);
  }

  function change(parts) {
    Object.assign(state, parts);
    writeAddress();
    ask();
  }

  async function show(picture) {
    shown = picture;
    say(t(picture.problem));
    tellSource("");
    for (const radio of looks) radio.checked = radio.value === picture.look;
    options(benchmark, picture.benchmarks, picture.benchmark);
    const swept = part(".sweep-form [name=benchmark]");
    if (part(".sweep").dataset.running !== "true" && [...swept.options].some(({ value }) => value === picture.benchmark)) swept.value = picture.benchmark;
    part(".scaling-benchmark").hidden = picture.benchmarks.length < 2;
    part(".scaling-axis").hidden = !picture.axis;
    axis.value = picture.axis || "thinking";
    series(picture);
    caption.textContent = picture.text;
    const notes = part(".scaling-card .scaling-notes");
    notes.replaceChildren(...picture.notes.map((note) => make("li", "", phrase(note))));
    const table = make("div", "scaling-scroll");
    table.tabIndex = 0;
    table.setAttribute("role", "region");
    table.setAttribute("aria-label", t("the numbers as a table"));
    table.append(numbersTable(picture, openPoint));
    element.querySelector(".scaling-scroll")?.remove();
    const plotted = Boolean(picture.figure);
    part(".scaling-plot").hidden = !plotted;
    part("[data-save=png]").hidden = !plotted;
    details.hidden = !plotted;
    part(".scaling-key").hidden = picture.look !== "curve";
    detail.hidden = !plotted;
    if (plotted) details.append(table);
    else caption.after(table);
    plot.node.setAttribute("aria-label", picture.text);
    if (plotted && !(await plot.draw(picture.figure))) {
      details.open = true;
      say(t("The plot could not be loaded; the table below has its numbers."));
    }
    element.dataset.drawing = asked > answered;
    element.dataset.shown = `${picture.look} ${picture.benchmark}`.trim();
    element.dataset.drawings = ++drawnRevision;
  }

  function options(select, names, chosen) {
    select.replaceChildren(...names.map((name) => new Option(name, name, false, name === chosen)));
  }

  // One group of pills for each provenance, so that measured and published never share a list.
  function series({ choices, several }) {
    const node = part(".scaling-series");
    const groups = [...new Set(choices.map(({ whose }) => whose))];
    const type = several ? "checkbox" : "radio";
    if (node.dataset.groups !== JSON.stringify(groups)) {
      node.dataset.groups = JSON.stringify(groups);
      node.replaceChildren(
        ...groups.map((whose) => {
          const group = make("div", "pills");
          group.setAttribute("role", "group");
          group.setAttribute("aria-label", t("series {whose}", { whose: t(whose) }));
          group.dataset.whose = whose;
          return group;
        }),
      );
    }
    for (const group of node.children) {
      const own = choices.filter(({ whose }) => whose === group.dataset.whose);
      const title = group.querySelector(".whose") ?? make("span", "whose", t(group.dataset.whose));
      const list = group.querySelector(".list") ?? make("span", "list");
      group.append(title, list);
      pillGroup(list, "scaling-series", own.map((choice) => ({ ...choice, name: t(choice.name) })), type, (key, on) => choose(key, on, several));
    }
    node.hidden = choices.length < 2;
  }

  function choose(key, on, several) {
    if (!several) return change({ runs: [key] });
    const chosen = shown.choices.filter((choice) => (choice.key === key ? on : choice.on)).map((choice) => choice.key);
    for (const choice of shown.choices) if (choice.key === key) choice.on = on;
    change({ runs: chosen });
  }

  function openPoint([run, label, domain = ""]) {
    const step = state.look === "waits";
    state.point = [run, label, domain];
    writeAddress();
    panel.open(state.point, step);
    plot.mark(domain && state.look === "domains" ? [run, label, domain] : [run, label]);
  }

  function closePoint() {
    state.point = null;
    writeAddress();
    panel.close();
    delete element.dataset.point;
    plot.mark(null);
  }

  // Where the number comes from that the pointer is on; else what a click would do.
  function tellSource(source) {
    const opens = shown?.opens.some(Boolean);
    detail.textContent = source || (opens ? t("Click a point, or press \u201Cquestions\u201D in the table, to see which questions it got right and wrong.") : "");
    detail.classList.toggle("source", Boolean(source));
  }

  function onProgress(status, swept) {
    if (state.sweep !== status.key) {
      state.runs &&= state.look === "curve" ? [...state.runs, status.key] : [status.key];
      Object.assign(state, { sweep: status.key, benchmark: swept, look: ["curve", "domains", "waits", "differences"].includes(state.look) ? state.look : "curve" });
      writeAddress();
      sweep.drawn = 0;
    }
    if (status.shown !== (sweep.drawn ?? 0)) {
      sweep.drawn = status.shown;
      ask();
    }
  }

  function onAnswer({ kind, n, json }) {
    const found = JSON.parse(json);
    if (kind === "questions" && n === questionsAsked) {
      panel.show(found);
      element.dataset.point = found ? `${found.run} ${found.label}` : "";
      if (found && narrow() && !found.offset) panel.node.scrollIntoView({ block: "start" });
    }
    if (kind === "run" && found) saveFile("run.json", "application/json", `${JSON.stringify(found, null, 1)}\n`);
  }

  function receive() {
    const value = props.value;
    if (!value?.n || value.n <= answered) return;
    answered = value.n;
    const picture = JSON.parse(value.json);
    if (dirty) ask();
    show(picture);
  }

  function say(text) {
    part(".scaling-problem").textContent = text;
  }

  async function save(kind) {
    const name = ["s1-scaling", shown.look, shown.benchmark].filter(Boolean).join("-");
    if (kind === "csv") return saveFile(`${name}.csv`, "text/csv", csvText([shown.columns, ...shown.rows]));
    if (kind === "json") {
      const rows = shown.rows.map((cells) => Object.fromEntries(cells.map((cell, i) => [shown.columns[i], cell])));
      const about = { look: shown.look, benchmark: shown.benchmark, text: shown.text, notes: shown.notes, rows };
      return saveFile(`${name}.json`, "application/json", `${JSON.stringify(about, null, 1)}\n`);
    }
    const title = [looks.find((radio) => radio.value === shown.look).parentElement.textContent, shown.benchmark].filter(Boolean).join(", ");
    followLink(`${name}.png`, await plot.picture(getComputedStyle(part(".scaling-card")).backgroundColor, title));
  }

  function onGo() {
    if (address.openTab() !== "scaling") return;
    readAddress();
    ask();
    if (state.point) panel.open(state.point, state.look === "waits");
    else panel.close();
    plot.mark(state.point);
  }

  for (const radio of looks) radio.addEventListener("change", () => change({ look: radio.value, runs: null }));
  benchmark.addEventListener("change", () => change({ benchmark: benchmark.value, runs: null }));
  axis.addEventListener("change", () => change({ axis: axis.value }));
  for (const button of element.querySelectorAll("[data-save]")) button.addEventListener("click", () => shown && save(button.dataset.save));
  part(".sweep-save").addEventListener("click", () => trigger("save", { n: 0, key: sweep.key }));
  watch("value", receive);
  document.addEventListener("scaling-answers", ({ detail }) => detail && onAnswer(detail));
  document.addEventListener("s1-go", onGo);
  let look = [narrow(), dark()].join();
  const restyle = () => look !== (look = [narrow(), dark()].join()) && ask();
  new MutationObserver(restyle).observe(document.body, { attributeFilter: ["class"] });
  addEventListener("resize", restyle);
  new ResizeObserver(() => plot.fit()).observe(part(".scaling-plot"));
  readAddress();
  ask();
  if (state.point) openPoint(state.point);
}

function csvText(rows) {
  const quoted = (cell) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return `${rows.map((cells) => cells.map((cell) => quoted(String(cell ?? ""))).join(",")).join("\r\n")}\r\n`;
}
