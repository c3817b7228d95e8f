// The text of one trace, for views that show it as it is: forced text as pills, the end of thinking, the answer; and a cut that
// dims what comes behind it. Model text is untrusted: it is only ever set as text. Lengths are in characters, not UTF-16 units.

const TRACE_ENDS = { natural: "\u25A0 thinking ended by itself", budget: `${SCISSORS} budget reached`, context: `${SCISSORS} context full` };

class TraceText {
  constructor(node) {
    this.node = node;
    this.clear();
  }

  clear() {
    this.node.replaceChildren();
    this.node.classList.remove("cut-short");
    Object.assign(this, { pieces: [], length: 0, dropped: 0, cutAt: null, answer: null, label: null, lastTop: undefined });
  }

  write(kind, text) {
    if (kind === "answer") return this.answerLine().append(this.answer.textContent ? text : text.trimStart());
    if (this.pieces.at(-1)?.kind !== "own") this.addPiece("own");
    this.append(text);
  }

  // The end of thinking was suppressed: what is forced comes next.
  wait(title) {
    if (this.pieces.length && !this.pieces.at(-1).text.endsWith("\n")) this.node.append(make("br")); // for the eye only
    const { outer } = this.addPiece("forced");
    outer.prepend(make("span", "symbol", ROUND_ARROW));
    outer.title = title;
  }

  force(text) {
    this.append(text);
  }

  addPiece(kind) {
    const piece = { kind, outer: make("span", kind), before: make("span", "before"), after: make("span", "after"), text: "", start: this.length, length: 0 };
    piece.outer.append(piece.before, piece.after);
    this.node.append(piece.outer);
    this.pieces.push(piece);
    return piece;
  }

  append(text) {
    const piece = this.pieces.at(-1);
    const kept = this.length ? text : text.trimStart(); // the line break a trace begins with would be an empty line on the page
    this.dropped += text.length - kept.length;
    const n = [...kept].length;
    piece.text += kept;
    piece.length += n;
    this.length += n;
    (this.cutAt === null || this.length <= this.cutAt ? piece.before : piece.after).append(kept);
  }

  // Dim everything behind so many characters; null dims nothing.
  cut(characters) {
    const at = characters === null ? null : Math.max(0, characters - this.dropped);
    if (at === this.cutAt) return;
    this.cutAt = at;
    this.node.classList.toggle("cut-short", at !== null);
    for (const piece of this.pieces) this.split(piece);
    this.node.querySelector(".cut-here")?.remove();
    if (at === null || !this.pieces.length) return;
    const last = this.pieces.findLast((piece) => piece.start < at) ?? this.pieces[0];
    last.before.after(make("span", "cut-here", SCISSORS));
  }

  split(piece) {
    const kept = this.cutAt === null ? piece.length : Math.max(0, Math.min(this.cutAt - piece.start, piece.length));
    const units = kept === piece.length ? piece.text.length : [...piece.text].slice(0, kept).join("").length;
    for (const [node, text] of [[piece.before, piece.text.slice(0, units)], [piece.after, piece.text.slice(units)]]) {
      if (node.textContent !== text) node.textContent = text;
    }
    piece.outer.classList.toggle("behind", kept === 0 && piece.length > 0);
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

  // Keep the newest line in sight, unless the reader has scrolled up.
  follow(scroller) {
    if (this.lastTop === undefined || scroller.scrollTop >= this.lastTop - 24) scroller.scrollTop = scroller.scrollHeight;
    this.lastTop = scroller.scrollTop;
  }
}
