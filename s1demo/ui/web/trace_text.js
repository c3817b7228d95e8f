// The text of one trace, for views that show it as it is: forced text as pills, the end of thinking, the answer; and a cut that
// dims what comes behind it. Model text is untrusted: it is only ever set as text. Lengths are in characters, not UTF-16 units.

import { t } from "../page/language.js";
import { make, SCISSORS } from "./dom.js";
import { Pieces } from "./pieces.js";

const TRACE_ENDS = { natural: "\u25A0 thinking ended by itself", budget: `${SCISSORS} budget reached`, context: `${SCISSORS} context full` };

export class TraceText {
  constructor(node) {
    this.node = node;
    this.pieces = new Pieces(node, ["before", "after"], Infinity);
    this.clear();
  }

  clear() {
    this.pieces.clear();
    this.node.classList.remove("cut-short");
    Object.assign(this, { answer: null, label: null });
  }

  // How long the thinking is.
  get characters() {
    return this.pieces.length + this.pieces.dropped;
  }

  write(kind, text) {
    if (kind === "answer") return this.answerLine().append(this.answer.textContent ? text : text.trimStart());
    this.pieces.write(text);
  }

  // The end of thinking was suppressed: what is forced comes next.
  wait(title) {
    this.pieces.wait(title);
  }

  force(text) {
    this.pieces.force(text);
  }

  // Dim everything behind so many characters; null dims nothing.
  cut(characters) {
    const at = characters === null ? Infinity : Math.max(0, characters - this.pieces.dropped);
    if (at === this.pieces.mark) return;
    this.node.querySelector(".cut-here")?.remove();
    this.pieces.divideAt(at);
    this.node.classList.toggle("cut-short", at < Infinity);
    const last = this.pieces.all.findLast((piece) => piece.start < at) ?? this.pieces.all[0];
    if (at < Infinity) last?.front.after(make("span", "cut-here", SCISSORS));
  }

  end(reason) {
    this.node.append(make("p", `trace-end ${reason}`, t(TRACE_ENDS[reason])));
  }

  delimiter(text, label) {
    if (!label || this.label) return;
    this.label = make("span", "forced", label);
    this.label.title = t("Forced: {text}", { text });
    this.answerLine().prepend(this.label, " ");
  }

  answerLine() {
    if (!this.answer) this.node.append((this.answer = make("span", "trace-answer")));
    return this.answer;
  }
}
