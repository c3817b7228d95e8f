// The text of one trace: its thinking in pieces, how the thinking ended, and the answer; a cut dims what comes behind it.
// Model text is untrusted: it is only ever set as text. Lengths are in characters, not UTF-16 units.

import { t } from "../page/language.js";
import { make, SCISSORS } from "./dom.js";
import { Pieces } from "./pieces.js";

const ENDINGS = { natural: "\u25A0 thinking ended by itself", budget: `${SCISSORS} budget reached`, context: `${SCISSORS} context full` };

// The operations of render.py that write into a trace; textOf(run) is where a run is written.
export const writingOperations = (textOf) => ({
  text: (run, kind, text) => textOf(run).write(kind, text),
  wait: (run, number, tokens) => textOf(run).wait(number, tokens),
  forced: (run, text) => textOf(run).force(text),
  end: (run, reason, tokens) => textOf(run).end(reason, tokens),
  delimiter: (run, text, label) => textOf(run).delimiter(text, label),
});

export class TraceText {
  // node: to write into; its data-empty is shown while nothing is written. The others are those of Pieces.
  constructor(node, parts = ["before", "after"], mark = Infinity, settled = undefined) {
    this.trace = node;
    [this.thinking, this.ending, this.answerLine] = ["thinking", "ending", "answer-line"].map((name) => make("div", name));
    this.thinking.dataset.empty = node.dataset.empty ?? "";
    node.replaceChildren(this.thinking, this.ending, this.answerLine);
    this.pieces = new Pieces(this.thinking, parts, mark, settled);
    this.answerText = null;
  }

  clear() {
    this.pieces.clear();
    this.answerText = null;
    this.ending.replaceChildren();
    this.answerLine.replaceChildren();
    this.trace.classList.remove("cut-short");
    delete this.trace.dataset.followed;
  }

  // How long the thinking is.
  get characters() {
    return this.pieces.length + this.pieces.dropped;
  }

  write(kind, text) {
    if (kind !== "answer") return this.pieces.write(text);
    if (!this.answerText) this.answerLine.append((this.answerText = make("span", "answer-text")));
    this.answerText.append(this.answerText.textContent ? text : text.trimStart());
  }

  // The end of thinking was suppressed: what is forced comes next. Returns its piece.
  wait(number, tokens) {
    return this.pieces.wait(t(`Forced: the model wanted to stop after ${tokens} thinking tokens and was made to go on (${number})`));
  }

  force(text) {
    this.pieces.force(text);
  }

  // Dim everything behind so many characters; null dims nothing.
  cut(characters) {
    const at = characters === null ? Infinity : Math.max(0, characters - this.pieces.dropped);
    if (at === this.pieces.mark) return;
    this.trace.querySelector(".cut-here")?.remove();
    this.pieces.divideAt(at);
    this.trace.classList.toggle("cut-short", at < Infinity);
    const last = this.pieces.all.findLast((piece) => piece.start < at) ?? this.pieces.all[0];
    if (at < Infinity) last?.front.after(make("span", "cut-here", SCISSORS));
  }

  end(reason) {
    this.pieces.settle();
    this.ending.replaceChildren(make("p", `trace-end ${reason === "natural" ? "" : "cut"}`, t(ENDINGS[reason])));
  }

  delimiter(text, label) {
    const title = t("Forced: {text}", { text });
    this.ending.firstElementChild.title = title;
    if (label && !this.answerLine.querySelector(".forced")) this.answerLine.prepend(Object.assign(make("span", "forced", label), { title }), " ");
  }
}
