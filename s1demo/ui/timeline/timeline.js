// The Timeline tab: one trace, the answer it would give at each point, and a scrubber that moves through it (view.py).

import { localNumber, t, tParts } from "../page/language.js";
import { Asking } from "../web/asking.js";
import { CHECK, CROSS, ROUND_ARROW, svgNode } from "../web/dom.js";
import { keepNewestInSight } from "../web/pieces.js";
import { axisEnd, drawStrip, inWords, pathThrough, shorten, showVerdict, ticks, verdictClass } from "../web/strip.js";
import { TraceText, writingOperations } from "../web/trace_text.js";

const TL = { left: 52, right: 22, top: 26, height: 168, bottom: 8, mostMarks: 240 };

export function mount(component) {
  const { element } = component;
  const part = (selector) => element.querySelector(selector);
  const svg = part("svg"), strip = part(".tl-strip"), scrubber = part(".tl-scrubber"), scroller = part(".trace-text");
  const text = new TraceText(scroller);
  let run;

  const operations = {
    ...writingOperations(() => text),
    start: () => {},
    wait: (_, number, tokens) => {
      run.waits.push({ at: tokens, answer: null, verdict: "" });
      text.wait(number, tokens);
    },
    count: (_, tokens) => (part(".tl-trace").dataset.thinkingTokens = run.tokens = tokens),
    "so-far": (_, number, answer, verdict) => Object.assign(run.waits[number - 1], { answer, verdict }),
    end: (_, reason) => {
      run.ended = reason;
      text.end(reason);
    },
    status: (_, words) => (part(".status").textContent = t(words)),
    answer: (_, answer, verdict, details, group) => {
      run.own = { answer, verdict, group };
      showVerdict(part("footer"), answer, verdict);
      part(".details").textContent = tParts(details.join(" \u00B7 "), " \u00B7 ");
      part(".tl-trace").classList.add("finished");
    },
    point: (_, tokens, characters, answer, verdict, probability, group) =>
      insertPoint({ tokens, characters, answer, verdict, probability, group }),
    sentence: (words) => svg.setAttribute("aria-label", words),
  };

  function clear() {
    run = { tokens: 0, waits: [], points: [], at: null, ended: null, own: null }; // at: the point the visitor has chosen; null follows the run
    text.clear();
    for (const name of [".status", ".count", ".details", "footer .answer", "footer .verdict"]) part(name).textContent = "";
    part(".tl-trace").classList.remove("finished");
    svg.setAttribute("aria-label", t("The trace is growing; nothing has been asked yet."));
  }

  function insertPoint(point) {
    let at = run.points.length;
    while (at && run.points[at - 1].tokens > point.tokens) at -= 1;
    run.points.splice(at, 0, point);
  }

  function show() {
    part(".count").textContent = run.tokens ? t(`${run.tokens.toLocaleString("en")} thinking tokens`) : "";
    if (run.at === null) keepNewestInSight(scroller);
    draw();
  }

  function stop(why) {
    if (!part(".tl-trace").classList.contains("finished")) part(".status").textContent = t(why);
  }

  function draw() {
    if (!run) return;
    const width = svg.clientWidth || 800, longest = axisEnd(run.tokens, stream.stream.running);
    const x = (tokens) => TL.left + (tokens / longest) * (width - TL.left - TL.right);
    const chosen = run.at ?? run.points.at(-1) ?? null;
    drawCurve(svg, run, x, width, longest, chosen);
    drawStrip(strip, stretches(run.points, Math.max(run.tokens, 1)), longest);
    Object.assign(scrubber, { max: longest, disabled: !run.points.length });
    scrubber.value = chosen ? chosen.tokens : 0;
    scrubber.style.setProperty("--filled", `${(100 * scrubber.value) / longest}%`);
    showReadout(chosen);
  }

  function showReadout(point) {
    const readout = part(".tl-readout");
    readout.classList.toggle("known", point !== null);
    part(".where").textContent = point ? t(`after ${point.tokens.toLocaleString("en")} of ${run.tokens.toLocaleString("en")} thinking tokens`) : "";
    showVerdict(readout, point?.answer, point?.verdict, point === null);
    const sure = point === null ? "" : point.probability === null ? t("P(answer) not known") : `${t("P(answer)")} ${t(percent(point.probability))}`;
    part(".probability").textContent = sure;
    part(".by-itself").textContent = bySelf(point);
    scrubber.setAttribute("aria-valuetext", point ? pointInWords(point) : t("nothing has been asked yet"));
  }

  // Stopped where it wanted to stop it may answer otherwise than when it ends its thinking by itself there.
  function bySelf(point) {
    const wait = run.waits.find(({ at, answer }) => at === point?.tokens && answer !== null);
    if (wait) return t("It wanted to stop here. Ending its thinking by itself, it would have answered {answer}", { answer: withVerdict(wait) });
    if (!run.own || point?.tokens !== run.tokens || point.group === run.own.group) return "";
    return t("It was not stopped here: ending its thinking by itself, it answered {answer}", { answer: withVerdict(run.own) });
  }

  function pointInWords(point) {
    const verdict = point.verdict ? `, ${point.verdict}` : "";
    const sure = point.probability === null ? "" : `, probability ${point.probability.toFixed(2)}`;
    return `stopped after ${point.tokens} thinking tokens it would answer ${point.answer ?? "nothing"}${verdict}${sure}`;
  }

  // The scrubber rests on points only: on the next one in the direction it was moved.
  function onScrub() {
    const wanted = Number(scrubber.value), from = (run.at ?? run.points.at(-1)).tokens;
    const next = wanted > from ? run.points.find((point) => point.tokens >= wanted) : run.points.findLast((point) => point.tokens <= wanted);
    choose(next ?? (wanted > from ? run.points.at(-1) : run.points[0]));
  }

  function choose(point) {
    const wasLive = stream.stream.running && point === run.points.at(-1);
    run.at = wasLive ? null : point; // at the end of a growing trace the handle goes on with it
    text.cut(run.at && run.at.characters < text.characters ? run.at.characters : null);
    draw();
    bringIntoSight();
    requestAnimationFrame(bringIntoSight); // a block that was out of view has got its true height by then
  }

  function bringIntoSight() {
    const mark = scroller.querySelector(".cut-here");
    if (!mark) return;
    const inner = mark.getBoundingClientRect(), outer = scroller.getBoundingClientRect();
    if (inner.top < outer.top || inner.bottom > outer.bottom) scroller.scrollTop += inner.top - outer.top - outer.height / 2;
  }

  function onPointer(event) {
    if (!run?.points.length || (event.type === "pointermove" && !event.buttons)) return;
    const box = svg.getBoundingClientRect();
    const share = (event.clientX - box.left - TL.left) / (box.width - TL.left - TL.right);
    const wanted = share * axisEnd(run.tokens, stream.stream.running);
    choose(run.points.reduce((best, point) => (Math.abs(point.tokens - wanted) < Math.abs(best.tokens - wanted) ? point : best)));
  }

  scrubber.addEventListener("input", onScrub);
  for (const drawn of [svg, strip]) for (const kind of ["pointerdown", "pointermove"]) drawn.addEventListener(kind, onPointer);
  const stream = new Asking(component, "timeline", { operations, clear, show, stop, sentence: () => svg.getAttribute("aria-label") });
  new ResizeObserver(draw).observe(svg);
}

const withVerdict = ({ answer, verdict }) => `${shorten(answer || t("nothing"), 24)} ${inWords(verdict)}`.trim();
const percent = (share) => (share > 0.995 ? "above 99 %" : share < 0.005 ? "below 1 %" : `${Math.round(100 * share)} %`);

// Neighbouring points with one answer, as one stretch from the first of them to the next answer's.
function stretches(points, end) {
  const found = [];
  for (const { tokens, answer, verdict, group } of points) {
    if (found.length && found.at(-1).group === group) continue;
    if (found.length) found.at(-1).end = tokens;
    found.push({ start: tokens, end, answer, verdict, group });
  }
  return found;
}

function drawCurve(svg, run, x, width, longest, chosen) {
  const y = (share) => TL.top + (1 - share) * (TL.height - TL.top - TL.bottom - 22);
  const floor = y(0);
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${width} ${TL.height}`);
  drawGrid(svg, x, y, longest, width);
  for (const { at } of run.waits) svgNode(svg, "line", { x1: x(at), x2: x(at), y1: TL.top - 4, y2: floor, class: "tl-wait" });
  drawOwnStops(svg, run, x, width);
  const known = run.points.filter((point) => point.probability !== null);
  const path = pathThrough(known.map((point) => [x(point.tokens), y(point.probability)]));
  if (path) svgNode(svg, "path", { d: path, class: "tl-curve" });
  if (known.length <= TL.mostMarks) for (const point of known) drawPoint(svg, x(point.tokens), y(point.probability), point, 4);
  if (!chosen) return;
  for (const [y1, y2] of [[TL.top - 4, floor + 4], [floor + 20, TL.height]]) { // not across the numbers of the axis
    svgNode(svg, "line", { x1: x(chosen.tokens), x2: x(chosen.tokens), y1, y2, class: "tl-cursor" });
  }
  if (chosen.probability !== null) drawPoint(svg, x(chosen.tokens), y(chosen.probability), chosen, 7);
}

// Over each place where it wanted to stop, what it answers when it ends by itself there; of the words, as many as there is room for.
function drawOwnStops(svg, run, x, width) {
  const stops = run.waits.map(({ at, ...own }, i) => ({ at, own, sign: `${ROUND_ARROW} ${i + 1}`, kind: "wait" }));
  if (run.own && run.ended === "natural") stops.push({ at: run.tokens, own: run.own, sign: "\u25A0", kind: "end" });
  const end = width - 10;
  let free = 76; // behind the name of the axis
  stops.forEach(({ at, own, sign, kind }, i) => {
    const next = i + 1 < stops.length ? (x(at) + x(stops[i + 1].at)) / 2 : end;
    const said = [own.answer || t("no answer"), { right: CHECK, wrong: CROSS }[own.verdict]].filter(Boolean).join(" ");
    const words = own.answer === null && kind === "wait" ? [sign] : [t("{sign}: by itself {answer}", { sign, answer: shorten(said, 26) }), `${sign}: ${shorten(said, 12)}`, sign];
    const mark = svgNode(svg, "text", { y: TL.top - 9, class: `tl-own ${kind}` });
    for (const text of words) {
      mark.textContent = text;
      const wide = mark.getComputedTextLength();
      mark.setAttribute("x", Math.max(free, Math.min(x(at) - wide / 2, end - wide)));
      if (Number(mark.getAttribute("x")) + wide <= next) break;
    }
    free = Number(mark.getAttribute("x")) + mark.getComputedTextLength() + 8;
  });
}

function drawGrid(svg, x, y, longest, width) {
  const axis = svgNode(svg, "g", { class: "tl-axis" });
  for (const share of [0, 0.5, 1]) {
    svgNode(axis, "line", { x1: x(0), x2: x(longest), y1: y(share), y2: y(share) });
    svgNode(axis, "text", { x: x(0) - 8, y: y(share) + 4, "text-anchor": "end" }, `${100 * share} %`);
  }
  const wide = width > 640;
  for (const tokens of ticks(longest, wide ? 8 : 4)) {
    const anchor = tokens ? "middle" : "start";
    svgNode(axis, "text", { x: x(tokens), y: y(0) + 16, "text-anchor": anchor }, tokens || !wide ? localNumber(tokens.toLocaleString("en")) : t(`${tokens} thinking tokens`));
  }
  svgNode(axis, "text", { x: 10, y: TL.top - 10 }, t("P(answer)"));
}

// Shape as well as colour: a disc is right, a cross wrong, a diamond not known, a dash no answer.
function drawPoint(svg, x, y, { answer, verdict }, r) {
  const kind = verdictClass(answer, verdict);
  const shapes = {
    right: `M ${x - r} ${y} a ${r} ${r} 0 1 0 ${2 * r} 0 a ${r} ${r} 0 1 0 ${-2 * r} 0`,
    wrong: `M ${x - r} ${y - r} L ${x + r} ${y + r} M ${x - r} ${y + r} L ${x + r} ${y - r}`,
    unknown: `M ${x} ${y - r - 1} L ${x + r + 1} ${y} L ${x} ${y + r + 1} L ${x - r - 1} ${y} Z`,
    none: `M ${x - r} ${y} H ${x + r}`,
  };
  svgNode(svg, "path", { d: shapes[kind], class: `tl-point ${kind}` });
}
