// One run on the page: header, meter, trace, answer. Model text is untrusted: it is only ever set as text.

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
    this.pieces = []; // the thinking text, piece by piece: {shared, own} spans; a forced piece is a pill
    this.sharedCharacters = this.dropped = 0;
    this.answerText = null;
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
    this.count.textContent = this.begun ? `${tokens.toLocaleString("en")} of ${this.budget.toLocaleString("en")}` : "";
  }

  write(kind, text) {
    if (kind === "answer") return this.writeAnswer(text);
    if (!this.pieces.length) this.addPiece("own-text", "");
    this.pieces.at(-1).own.append(this.withoutLead(text));
  }

  // The line break a trace begins with would be an empty line on the page.
  withoutLead(text) {
    if (this.thinking.textContent) return text;
    const kept = text.trimStart();
    this.dropped += text.length - kept.length;
    return kept;
  }

  writeAnswer(text) {
    if (!this.answerText) this.answerLine.append((this.answerText = make("span", "answer-text")));
    this.answerText.append(this.answerText.textContent ? text : text.trimStart());
  }

  addPiece(className, symbol) {
    const outer = make("span", className), shared = make("span", "shared"), own = make("span", "own");
    if (symbol) outer.append(make("span", "symbol", symbol));
    outer.append(shared, own);
    this.thinking.append(outer);
    this.pieces.push({ outer, shared, own });
  }

  wait(number, tokens) {
    this.data.waits.push({ at: tokens, word: "" });
    if (this.pieces.length && !this.thinking.textContent.endsWith("\n")) this.thinking.append(make("br")); // for the eye only
    this.addPiece("forced", ROUND_ARROW);
    this.pieces.at(-1).outer.title = `Forced: the model wanted to stop after ${tokens} thinking tokens and was made to go on (${number})`;
  }

  force(text) {
    const wait = this.data.waits.at(-1);
    if (wait) wait.word += text;
    this.pieces.at(-1).own.append(text);
    this.addPiece("own-text", "");
  }

  share(tokens, characters) {
    this.data.shared = tokens;
    this.sharedCharacters = characters - this.dropped;
  }

  // Move text from `own` to `shared`, front to back, until sharedCharacters are dimmed.
  dim() {
    let left = this.sharedCharacters;
    for (const { shared, own } of this.pieces) {
      left -= shared.textContent.length;
      while (left > 0 && own.firstChild) {
        const text = own.firstChild;
        if (text.length > left) text.splitText(left);
        left -= text.length;
        shared.append(text);
      }
      if (left <= 0) break;
      shared.normalize();
    }
  }

  end(reason, tokens) {
    this.data.end = { reason, at: tokens };
    this.setCount(tokens);
    this.node.classList.add("ended");
    const words = { natural: "\u25A0 thinking ended by itself", budget: `${SCISSORS} budget reached`, context: `${SCISSORS} context full` }[reason];
    this.ending.replaceChildren(make("p", reason === "natural" ? "natural-end" : "cut", words));
  }

  delimiter(text, label) {
    this.ending.firstElementChild.title = `Forced: ${text}`;
    if (!label || this.answerLine.querySelector(".forced")) return;
    const pill = make("span", "forced", label);
    pill.title = `Forced: ${text}`;
    this.answerLine.prepend(pill, " ");
  }

  finish(answer, verdict, details) {
    Object.assign(this.data, { answer, verdict });
    this.finished = true;
    this.node.classList.add("finished");
    this.answer.textContent = answer || "no answer";
    this.answer.title = answer;
    this.answer.classList.toggle("long", answer.length > 12);
    this.verdict.textContent = { right: `${CHECK} right`, wrong: `${CROSS} wrong` }[verdict] ?? "";
    if (verdict) this.verdict.classList.add(verdict);
    this.details.replaceChildren(...details.map((line) => make("span", "", line)));
  }

  stop(why) {
    if (this.finished) return;
    this.data.stopped = why;
    this.status.textContent = why;
  }

  follow() {
    const trace = this.trace;
    if (this.lastTop === undefined || trace.scrollTop >= this.lastTop - 24) trace.scrollTop = trace.scrollHeight;
    this.lastTop = trace.scrollTop;
  }
}
