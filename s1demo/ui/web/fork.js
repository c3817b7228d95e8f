// The fork picture: one line for what the runs share, a branch where budget forcing parts them. Its x axis is thinking tokens.
// drawFork(svg, runs) draws the whole picture anew from plain data; it keeps nothing and asks the page for its width only.
//   runs: [{name, tokens, shared, waits: [{at, word, answer, verdict}], end: {reason, at} | null, answer, verdict, stopped}], the middle one is the main line.

import { t } from "../page/language.js";
import { CHECK, CROSS, ROUND_ARROW, SCISSORS, svgNode } from "./dom.js";
import { shorten, ticks } from "./strip.js";

const FORK = { rows: [26, 60, 106], axis: 138, height: 154, left: 16, bend: 30, mark: 11, letter: 7.5 };

export function drawFork(svg, runs) {
  const width = svg.clientWidth || 800, wide = width > 640;
  const room = wide ? 250 : 118;
  const longest = Math.max(40, ...runs.map((run) => run.tokens));
  const x = (tokens) => FORK.left + (tokens / longest) * (width - FORK.left - room);
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${width} ${FORK.height}`);
  drawAxis(svg, longest, x, wide);
  const main = runs[Math.floor(runs.length / 2)];
  const together = runs.filter((run) => run === main || sameAs(run, main));
  const branches = runs.filter((run) => !together.includes(run) && hasLeft(run, main));
  drawMainLine(svg, runs, main, x);
  for (const run of branches) drawBranch(svg, run, runs.indexOf(run), x, wide);
  drawEnd(svg, main, x(main.tokens), FORK.rows[1], wide, together.length);
}

// Nothing was forced and nothing differs: the two runs are one line to its end.
function sameAs(run, main) {
  const ends = run.end !== null && main.end !== null && run.end.reason === main.end.reason;
  return ends && run.shared === run.tokens && run.tokens === main.tokens && !run.waits.length && run.answer === main.answer;
}

// A run has left the main line when their tokens differ, or when one of them is over and the other went on (or was cut there).
function hasLeft(run, main) {
  if (run.end || run.waits.length) return true;
  return run.shared < run.tokens && (run.shared < main.tokens || main.end !== null);
}

function drawAxis(svg, longest, x, wide) {
  const axis = svgNode(svg, "g", { class: "fork-axis" });
  svgNode(axis, "line", { x1: x(0), x2: x(longest), y1: FORK.axis - 12, y2: FORK.axis - 12 });
  for (const tokens of ticks(longest, wide ? 8 : 4)) {
    svgNode(axis, "line", { x1: x(tokens), x2: x(tokens), y1: FORK.axis - 15, y2: FORK.axis - 12 });
    svgNode(axis, "text", { x: x(tokens), y: FORK.axis + 3, "text-anchor": tokens ? "middle" : "start" }, tokens.toLocaleString("en"));
  }
  svgNode(axis, "text", { x: x(longest) + 14, y: FORK.axis - 8 }, t(wide ? "thinking tokens, forced ones included" : "thinking tokens"));
}

function drawMainLine(svg, runs, main, x) {
  const y = FORK.rows[1];
  const trunk = Math.min(...runs.map((run) => (hasLeft(run, main) || run === main ? run.shared : main.tokens)));
  const shared = Math.min(trunk, main.tokens);
  if (main.tokens > shared) svgNode(svg, "path", { d: `M ${x(shared)} ${y} H ${x(main.tokens)}`, class: `fork-line ${main.name}` });
  if (shared > 0) svgNode(svg, "path", { d: `M ${x(0)} ${y} H ${x(shared)}`, class: "fork-line shared" });
  if (x(shared) - x(0) > 104) svgNode(svg, "text", { x: x(0), y: y - 10, class: "fork-note" }, t("shared by all"));
}

function drawBranch(svg, run, row, x, wide) {
  const from = x(run.shared), y0 = FORK.rows[1], y = FORK.rows[row];
  const bent = from + FORK.bend, end = Math.max(x(run.tokens), bent);
  const cut = run.end && run.end.reason === "budget" && run.tokens === run.shared;
  const curve = `M ${from} ${y0} C ${from + FORK.bend * 0.6} ${y0} ${bent - FORK.bend * 0.6} ${y} ${bent} ${y}`;
  svgNode(svg, "path", { d: `${curve} H ${end}`, class: `fork-line ${run.name}${cut ? " dashed" : ""}` });
  svgNode(svg, "circle", { cx: from, cy: y0, r: 5, class: `fork-joint ${run.name}` });
  const places = run.waits.map((wait) => Math.max(x(wait.at), bent));
  const gaps = places.map((place, i) => (places[i + 1] ?? end) - place);
  const crowded = Math.min(...gaps.slice(0, -1)) < 2 * FORK.mark + 2;
  run.waits.forEach((wait, i) => drawWait(svg, wait, places[i], y, gaps[i], crowded));
  drawAnswersSoFar(svg, run.waits, places, y, wide);
  drawEnd(svg, run, end, y, wide);
}

function drawWait(svg, wait, x, y, gap, crowded) {
  const mark = svgNode(svg, "g", { class: "fork-wait" });
  svgNode(mark, "circle", { cx: x, cy: y, r: crowded ? 5 : FORK.mark });
  if (!crowded) svgNode(mark, "text", { x, y: y + 5, "text-anchor": "middle" }, ROUND_ARROW);
  if (gap > 7 * wait.word.length + 36) svgNode(mark, "text", { x: x + 15, y: y - 6, class: "fork-word" }, wait.word);
}

// Over each Wait what the run would have answered there. Where they stand close, only their marks; the accessible
// sentence has them all.
function drawAnswersSoFar(svg, waits, places, y, wide) {
  let free = -Infinity; // from here on nothing is written yet
  waits.forEach(({ answer, verdict }, i) => {
    if (answer === null) return;
    const mark = { right: CHECK, wrong: CROSS }[verdict] ?? "";
    const words = [shorten(answer || "–", wide ? 14 : 7), mark].filter(Boolean).join(" ");
    const text = [words, mark].find((text) => text && fits(text, places[i], free, places[i + 1]));
    if (!text) return;
    svgNode(svg, "text", { x: places[i], y: y - FORK.mark - 9, class: `fork-so-far ${verdict}`, "text-anchor": "middle" }, text);
    free = places[i] + halfWidth(text);
  });
}

const halfWidth = (text) => (text.length * FORK.letter) / 2 + 2;

function fits(text, x, free, next) {
  return x - halfWidth(text) >= free && (next === undefined || halfWidth(text) <= next - x);
}

function drawEnd(svg, run, x, y, wide, together = 1) {
  if (!run.tokens && !run.end) return;
  if (!run.end) {
    svgNode(svg, "circle", { cx: x, cy: y, r: 5, class: `fork-head ${run.name}` });
    if (run.stopped) svgNode(svg, "text", { x: x + 14, y: y + 4, class: "fork-note" }, run.stopped);
    return;
  }
  const natural = run.end.reason === "natural";
  if (natural) svgNode(svg, "rect", { x: x - 6, y: y - 6, width: 12, height: 12, rx: 1.5, class: `fork-stop ${run.name}` });
  const label = svgNode(svg, "text", { x: x + 14, y: y + 5, class: "fork-label" });
  const what = endWords(run, wide, together);
  if (!natural) svgNode(label, "tspan", { class: run.name }, `${SCISSORS} `);
  if (wide) svgNode(label, "tspan", { class: `fork-what ${run.name}` }, what);
  if (run.answer !== null) {
    const mark = { right: ` ${CHECK}`, wrong: ` ${CROSS}` }[run.verdict] ?? "";
    svgNode(label, "tspan", { class: `fork-answer ${run.verdict}`, dx: wide ? 10 : 0 }, shorten(run.answer, wide ? 14 : 7) + mark);
  }
  if (!wide) svgNode(label, "tspan", { class: `fork-what ${run.name}`, dx: 6 }, what);
}

function endWords(run, wide, together) {
  const tokens = run.end.at.toLocaleString("en");
  if (!wide) return tokens;
  if (run.end.reason === "budget") return t(`cut at ${tokens}`);
  if (run.end.reason === "context") return t(`context full at ${tokens}`);
  return t(together > 1 ? `${together} runs stop by themselves at ${tokens}` : `stops by itself at ${tokens}`);
}
