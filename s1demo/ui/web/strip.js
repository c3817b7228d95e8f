// Answers as strips and in words, for every view that draws them along tokens. Answers are untrusted: only ever set as text.

import { t } from "../page/language.js";
import { CHECK, CROSS, make } from "./dom.js";

export function shorten(text, length) {
  const line = text.split("\n")[0];
  return line.length > length ? `${line.slice(0, length - 1)}\u2026` : line;
}

export const verdictClass = (answer, verdict) => verdict || (answer ? "unknown" : "none");
const signOf = ({ answer, verdict }) => ({ right: CHECK, wrong: CROSS })[verdict] ?? (answer ? "?" : "\u2013");
export const signed = (answer, verdict) => `${shorten(answer || t("no answer"), 24)} ${signOf({ answer, verdict })}`;

export const inWords = (verdict) => t({ right: `${CHECK} right`, wrong: `${CROSS} wrong`, unclear: "? not comparable" }[verdict] ?? "");

// Answer and verdict as words and signs, in the elements of these names inside `node`.
export function showVerdict(node, answer, verdict, empty = false) {
  const shown = node.querySelector(".answer"), judged = node.querySelector(".verdict");
  shown.textContent = empty ? "" : answer || t("no answer");
  shown.title = answer || "";
  shown.classList.toggle("long", (answer || "no answer").length > 12);
  judged.textContent = empty ? "" : inWords(verdict);
  judged.className = `verdict ${verdict ?? ""}`.trim();
}

// A strip of answers: HTML, for its hatches are backgrounds. Of a label only as much as fits. A stretch may carry a note.
export function drawStrip(strip, found, longest, unit = "tokens") {
  strip.replaceChildren(...found.map(({ start, end, answer, verdict, group, note = "" }) => {
    const node = make("span", `stretch ${verdictClass(answer, verdict)}`), said = signed(answer, verdict);
    if (verdict !== "right" && group >= 0) node.dataset.pattern = group % 6;
    node.style.left = `${(100 * start) / longest}%`;
    node.style.width = `${(100 * (end - start)) / longest}%`;
    node.title = `${said} ${note}, from ${start.toLocaleString("en")} to ${end.toLocaleString("en")} ${unit}`;
    node.append(make("b", "", `${said} ${note}`.trim()));
    return node;
  }));
  let labels = [...strip.children].map((node, i) => ({ node, label: node.firstChild, ...found[i] }));
  for (const say of [({ answer, verdict }) => signed(answer, verdict), signOf, null]) labels = sayLess(labels, say);
}

// Say less where a label does not fit, or nothing. All are looked at before one is changed: a page of a long trace is laid out slowly.
function sayLess(labels, say) {
  const tooLong = labels.filter(({ node, label }) => label.offsetWidth + 4 > node.clientWidth);
  for (const each of tooLong) {
    if (say) each.label.textContent = say(each);
    else each.label.remove();
  }
  return tooLong;
}

// Where an axis ends: while it grows in doublings, so that what grows is seen to grow; then at the last token.
export function axisEnd(tokens, growing) {
  const least = Math.max(40, tokens);
  return growing ? 50 * 2 ** Math.max(0, Math.ceil(Math.log2(least / 50))) : least;
}

// The numbers along an axis from 0 to its end, at most so many steps: the smallest of 1, 2, 5, 10, 20, ... that is far enough.
export function ticks(end, most) {
  const power = 10 ** Math.floor(Math.log10(Math.max(end / most, 1)));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= end / most);
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, i) => i * step);
}

export const pathThrough = (places) => places.map(([x, y], i) => `${i ? "L" : "M"} ${x.toFixed(1)} ${y.toFixed(1)}`).join(" ");
