// One run on the page: header, meter, trace, answer. Model text is untrusted: it is only ever set as text.
// The thinking is a row of pieces: each forced text, and each paragraph of the model's own. Lengths are in characters, as the server
// counts them, not in UTF-16 units. The pieces stand in blocks that begin and end with a line: what grows is laid out anew, and that
// must not be the whole of a long trace.

const VERDICT_WORDS = { right: `${CHECK} right`, wrong: `${CROSS} wrong`, unclear: "? not comparable" };
const PARAGRAPH_STARTS = /(?<=\n)(?=[^\n])/;
const HAS_MATH = /\$|\\[([]|\\begin\{/;
const LONGEST_FORMULA = 2000;
const BLOCK_CHARACTERS = 1500; // a block takes no further line then
const lengthOf = (text) => [...text].length;

class Pane {
  constructor(node) {
    this.node = node;
    for (const name of ["status", "count", "meter", "trace", "thinking", "ending", "answer-line", "answer", "verdict", "details"]) {
      this[name.replace("-line", "Line")] = node.querySelector(`.${name}`);
    }
    this.clear();
  }

  clear() {
    this.data = { name: this.node.dataset.run, tokens: 0, shared: 0, waits: [], end: null, answer: null, verdict: "", stopped: "" };
    this.budget = 0;
    this.begun = this.finished = false;
    this.pieces = []; // {kind, outer, shared, own, text, length, sharedLength, hasMath}
    this.waitPieces = [];
    this.block = null;
    this.blockLength = 0;
    this.sharedCharacters = this.dropped = 0;
    this.hasText = false;
    this.dimmed = this.dimmedCharacters = 0; // so many pieces, and characters in them, are dimmed for good
    this.answerText = null;
    this.node.querySelector(".loop")?.remove();
    for (const part of [this.status, this.count, this.thinking, this.ending, this.answerLine, this.answer, this.verdict, this.details]) {
      part.replaceChildren();
    }
    this.verdict.className = "verdict";
    this.node.classList.remove("ended", "finished");
    this.setCount(0);
  }

  start(budget) {
    this.begun = true;
    this.budget = budget;
    this.meter.setAttribute("aria-valuemax", budget);
    this.setCount(this.data.tokens);
  }

  setCount(tokens) {
    this.data.tokens = tokens;
    this.node.dataset.thinkingTokens = tokens;
    this.meter.setAttribute("aria-valuenow", tokens);
    this.meter.firstElementChild.style.width = this.budget ? `${(100 * tokens) / this.budget}%` : tokens || this.data.end ? "100%" : "0";
    this.count.textContent = this.begun ? t(`${tokens.toLocaleString("en")} of ${this.budget.toLocaleString("en")}`) : "";
  }

  write(kind, text) {
    if (kind === "answer") return this.writeAnswer(text);
    for (const part of this.withoutLead(text).split(PARAGRAPH_STARTS)) if (part) this.append(this.pieceFor(part), part);
  }

  // The line break a trace begins with would be an empty line on the page.
  withoutLead(text) {
    if (this.hasText) return text;
    const kept = text.trimStart();
    this.hasText = kept !== "";
    this.dropped += text.length - kept.length;
    return kept;
  }

  writeAnswer(text) {
    if (!this.answerText) this.answerLine.append((this.answerText = make("span", "answer-text")));
    this.answerText.append(this.answerText.textContent ? text : text.trimStart());
  }

  // Where the model's own text goes on: the last piece, until its paragraph is complete.
  pieceFor(part) {
    const last = this.pieces.at(-1);
    const goesOn = last?.kind === "own-text" && (!last.text.endsWith("\n") || part.startsWith("\n") || formulaIsOpen(last.text));
    if (goesOn) return last;
    if (last?.kind === "forced" && !last.text) last.outer.append(make("span", "no-text", t("no text")));
    return this.addPiece("own-text", "");
  }

  append(piece, text) {
    piece.own.append(text);
    piece.text += text;
    piece.length += lengthOf(text);
    this.blockLength += text.length;
  }

  addPiece(kind, symbol) {
    if (this.pieces.length) this.settle(this.pieces.at(-1));
    const piece = { kind, outer: make("span", kind), text: "", length: 0, sharedLength: 0, hasMath: false };
    if (symbol) piece.outer.append(make("span", "symbol", symbol));
    this.addParts(piece, "", "");
    this.currentBlock().append(piece.outer);
    this.pieces.push(piece);
    return piece;
  }

  currentBlock() {
    const complete = this.blockLength >= BLOCK_CHARACTERS && this.pieces.at(-1).text.endsWith("\n");
    if (!this.block || complete) {
      this.thinking.append((this.block = make("div", "block")));
      this.blockLength = 0;
    }
    return this.block;
  }

  addParts(piece, shared, own) {
    piece.shared?.remove();
    piece.own?.remove();
    Object.assign(piece, { shared: make("span", "shared", shared), own: make("span", "own", own) });
    piece.outer.append(piece.shared, piece.own);
  }

  // A paragraph is complete: its formulas may be drawn, if math.js is there, as soon as it is in view.
  settle(piece) {
    piece.hasMath = piece.kind === "own-text" && HAS_MATH.test(piece.text);
    if (piece.hasMath) for (const part of [piece.shared, piece.own]) if (part.textContent) s1.math?.observe?.(part);
  }

  wait(number, tokens) {
    this.data.waits.push({ at: tokens, word: "", answer: null, verdict: "" });
    if (this.pieces.length && !this.pieces.at(-1).text.endsWith("\n")) this.block.append(make("br")); // for the eye only
    const piece = this.addPiece("forced", ROUND_ARROW);
    piece.outer.title = t(`Forced: the model wanted to stop after ${tokens} thinking tokens and was made to go on (${number})`);
    this.waitPieces.push(piece);
  }

  force(text) {
    const wait = this.data.waits.at(-1);
    if (wait) wait.word += text;
    this.append(this.pieces.at(-1), text);
  }

  // What the run would have answered at one of its Waits, on a line of its own before the forced text.
  answerSoFar(number, answer, verdict) {
    Object.assign(this.data.waits[number - 1], { answer, verdict });
    const { outer } = this.waitPieces[number - 1];
    if (outer.previousElementSibling?.classList.contains("so-far")) outer.previousElementSibling.remove();
    const note = make("span", `so-far ${verdict}`, t("\u25A0 would have answered "));
    note.append(make("b", "", answer || t("nothing")), verdict ? ` ${t(VERDICT_WORDS[verdict])}` : "");
    outer.before(note);
  }

  share(tokens, characters) {
    this.data.shared = tokens;
    this.sharedCharacters = characters - this.dropped;
  }

  // Move text from `own` to `shared`, front to back, until sharedCharacters are dimmed. The last piece may still grow.
  dim() {
    while (this.dimmed < this.pieces.length) {
      const piece = this.pieces[this.dimmed];
      const wanted = Math.min(this.sharedCharacters - this.dimmedCharacters, piece.length);
      if (wanted > piece.sharedLength) this.divide(piece, wanted);
      if (wanted < piece.length || piece === this.pieces.at(-1)) return;
      this.dimmed += 1;
      this.dimmedCharacters += piece.length;
    }
  }

  divide(piece, length) {
    if (piece.hasMath) { // formulas may have been drawn: begin with fresh text
      const characters = [...piece.text];
      this.addParts(piece, characters.slice(0, length).join(""), characters.slice(length).join(""));
      piece.sharedLength = length;
      return this.settle(piece);
    }
    while (piece.sharedLength < length) {
      const text = piece.own.firstChild, left = length - piece.sharedLength, n = lengthOf(text.data);
      if (n > left) text.splitText([...text.data].slice(0, left).join("").length);
      piece.sharedLength += Math.min(n, left);
      piece.shared.append(text);
    }
    piece.shared.normalize();
  }

  loop(token, period) {
    const words = t(`From thinking token ${token.toLocaleString("en")} on it repeats the same ${period.toLocaleString("en")} tokens`);
    const badge = make("span", "loop", t(`\u221E repeats itself from ${token.toLocaleString("en")}`));
    badge.title = words;
    this.node.querySelector("h2").after(badge);
  }

  end(reason, tokens) {
    this.data.end = { reason, at: tokens };
    this.setCount(tokens);
    this.node.classList.add("ended");
    if (this.pieces.length) this.settle(this.pieces.at(-1));
    const words = { natural: "\u25A0 thinking ended by itself", budget: `${SCISSORS} budget reached`, context: `${SCISSORS} context full` }[reason];
    this.ending.replaceChildren(make("p", reason === "natural" ? "natural-end" : "cut", t(words)));
  }

  delimiter(text, label) {
    this.ending.firstElementChild.title = t("Forced: {text}", { text });
    if (!label || this.answerLine.querySelector(".forced")) return;
    const pill = make("span", "forced", label);
    pill.title = t("Forced: {text}", { text });
    this.answerLine.prepend(pill, " ");
  }

  finish(answer, verdict, details) {
    this.data.answer = answer;
    this.finished = true;
    this.node.classList.add("finished");
    this.answer.textContent = answer || t("no answer");
    this.answer.title = answer;
    this.answer.classList.toggle("long", answer.length > 12);
    this.judge(verdict);
    this.details.replaceChildren(...details.map((line) => make("span", "", line)));
    if (this.answerText && HAS_MATH.test(this.answerText.textContent)) s1.math?.observe?.(this.answerText);
  }

  judge(verdict) {
    this.data.verdict = verdict;
    this.verdict.textContent = t(VERDICT_WORDS[verdict] ?? "");
    this.verdict.className = `verdict ${verdict}`.trim();
  }

  stop(why) {
    if (this.finished) return;
    this.data.stopped = this.status.textContent = t(why);
  }

  follow() {
    const trace = this.trace;
    if (this.lastTop === undefined || trace.scrollTop >= this.lastTop - 24) trace.scrollTop = trace.scrollHeight;
    this.lastTop = trace.scrollTop;
  }
}

// Whether a text ends inside a displayed formula, which may take several lines.
function formulaIsOpen(text) {
  if (text.length > LONGEST_FORMULA) return false;
  const count = (delimiter) => text.split(delimiter).length - 1;
  return count("$$") % 2 === 1 || count("\\[") > count("\\]") || count("\\begin{") > count("\\end{");
}
