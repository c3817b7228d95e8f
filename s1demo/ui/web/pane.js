// One run on the page: header, meter, trace, answer. Model text is untrusted: it is only ever set as text.
// What the run shares with the one beside it is in front of the mark of its pieces.

import { t, tParts } from "../page/language.js";
import { make } from "./dom.js";
import { hasFormula, observeFormulas } from "./math.js";
import { inWords, showVerdict } from "./strip.js";
import { TraceText } from "./trace_text.js";

const UNBUDGETED = ["natural", "extended"];

export class Pane extends TraceText {
  constructor(node) {
    super(node.querySelector(".trace"), ["shared", "own"], 0, showFormulas);
    this.node = node;
    for (const name of ["status", "count", "meter", "answer", "verdict", "details"]) this[name] = node.querySelector(`.${name}`);
    this.trace.addEventListener("scroll", () => this.trace.classList.toggle("scrolled", this.trace.scrollTop > 0));
    this.clear();
  }

  clear() {
    super.clear();
    this.data = { name: this.node.dataset.run, tokens: 0, shared: 0, waits: [], end: null, answer: null, verdict: "", stopped: "" };
    this.budget = 0;
    this.begun = this.finished = false;
    this.waitPieces = [];
    this.shared = 0; // characters
    this.node.querySelector(".loop")?.remove();
    for (const part of [this.status, this.count, this.answer, this.verdict, this.details]) part.replaceChildren();
    this.verdict.className = "verdict";
    this.node.classList.remove("ended", "finished");
    this.drawCount();
  }

  start(budget) {
    this.begun = true;
    this.budget = budget;
    this.meter.setAttribute("aria-valuemax", budget);
  }

  // Counts are many, so they are drawn once for all that came together.
  drawCount() {
    const { tokens } = this.data;
    this.node.dataset.thinkingTokens = tokens;
    this.meter.setAttribute("aria-valuenow", tokens);
    this.meter.firstElementChild.style.width = this.budget ? `${(100 * tokens) / this.budget}%` : tokens || this.data.end ? "100%" : "0";
    this.count.textContent = this.begun ? t(this.counted(tokens.toLocaleString("en"))) : "";
    this.count.title = this.begun ? t(`thinking tokens; this run can spend ${this.budget.toLocaleString("en")} at most`) : "";
  }

  // Only of a run with a budget of its own does the most it can spend say something.
  counted(tokens) {
    return UNBUDGETED.includes(this.data.name) ? `${tokens} ${tokens === "1" ? "token" : "tokens"}` : `${tokens} of ${this.budget.toLocaleString("en")}`;
  }

  wait(number, tokens) {
    this.data.waits.push({ at: tokens, word: "", answer: null, verdict: "" });
    this.waitPieces.push(super.wait(number, tokens));
  }

  force(text) {
    const wait = this.data.waits.at(-1);
    if (wait) wait.word += text;
    super.force(text);
  }

  // What the run would have answered at one of its Waits, on a line of its own before the forced text.
  answerSoFar(number, answer, verdict) {
    Object.assign(this.data.waits[number - 1], { answer, verdict });
    const { outer } = this.waitPieces[number - 1];
    if (outer.previousElementSibling?.classList.contains("so-far")) outer.previousElementSibling.remove();
    const words = [t("\u25A0 would have answered "), make("b", "", answer || t("nothing")), verdict && ` ${inWords(verdict)}`];
    outer.before(make("span", `so-far ${verdict}`, ...words));
  }

  share(tokens, characters) {
    this.data.shared = tokens;
    this.shared = characters;
  }

  // What changes with every token: the count, and how much is dimmed because it is shared.
  show() {
    this.drawCount();
    this.pieces.divideAt(this.shared - this.pieces.dropped);
  }

  loop(token, period) {
    const words = t(`From thinking token ${token.toLocaleString("en")} on it repeats the same ${period.toLocaleString("en")} tokens`);
    const badge = make("span", "loop", t(`\u221E repeats itself from ${token.toLocaleString("en")}`));
    badge.title = words;
    this.node.querySelector("h2").after(badge);
  }

  end(reason, tokens) {
    this.data.end = { reason, at: tokens };
    this.data.tokens = tokens;
    this.node.classList.add("ended");
    super.end(reason);
  }

  finish(answer, verdict, details) {
    this.data.answer = answer;
    this.finished = true;
    this.node.classList.add("finished");
    this.judge(verdict);
    this.details.replaceChildren(...details.map((line) => make("span", "", tParts(line, " \u00B7 "))));
    if (this.answerText) observeFormulas(this.answerText);
  }

  judge(verdict) {
    this.data.verdict = verdict;
    showVerdict(this.node, this.data.answer, verdict);
  }

  stop(why) {
    if (this.finished) return;
    this.data.stopped = this.status.textContent = t(why);
  }
}

// A paragraph is complete: its formulas may be drawn as soon as it is in view.
function showFormulas(piece) {
  piece.hasMath = piece.kind === "own-text" && hasFormula(piece.text);
  if (piece.hasMath) for (const part of [piece.front, piece.back]) observeFormulas(part);
}
