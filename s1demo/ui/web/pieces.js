// The thinking of one trace as a row of pieces: each forced text, and each paragraph of the model's own. Model text is untrusted: it
// is only ever set as text. Lengths are in characters, as the server counts them, not in UTF-16 units. The pieces stand in blocks that
// begin and end with a line: what grows is laid out anew, and that must not be the whole of a long trace.
// A mark divides the text, so each piece has two parts: `front`, before the mark, and `back`, behind it.

import { t } from "../page/language.js";
import { make, ROUND_ARROW } from "./dom.js";
import { formulaIsOpen } from "./math.js";

const PARAGRAPH_STARTS = /(?<=\n)(?=[^\n])/;
const BLOCK_CHARACTERS = 1500; // a block takes no further line then
const lengthOf = (text) => [...text].length;

export class Pieces {
  // node: to write into; [front, back]: the classes of the parts; mark: where it is at first; settled(piece): a paragraph is complete
  constructor(node, [front, back], mark, settled = () => {}) {
    Object.assign(this, { node, front, back, settled, firstMark: mark });
    this.clear();
  }

  clear() {
    this.node.replaceChildren();
    Object.assign(this, { all: [], length: 0, dropped: 0, mark: this.firstMark, block: null, blockLength: 0 });
  }

  get last() {
    return this.all.at(-1);
  }

  // What the model wrote.
  write(text) {
    for (const part of this.withoutLead(text).split(PARAGRAPH_STARTS)) if (part) this.append(this.pieceFor(part), part);
  }

  // The end of thinking was suppressed: what is forced comes next.
  wait(title) {
    if (this.all.length && !this.last.text.endsWith("\n")) this.block.append(make("br")); // for the eye only
    const piece = this.add("forced", ROUND_ARROW);
    piece.outer.title = title;
    return piece;
  }

  force(text) {
    this.append(this.last, text);
  }

  settle() {
    if (this.all.length) this.settled(this.last);
  }

  // Move the mark behind so many characters.
  divideAt(mark) {
    this.mark = mark;
    for (const piece of this.all) {
      const wanted = Math.max(0, Math.min(mark - piece.start, piece.length));
      if (wanted !== piece.frontLength) this.divide(piece, wanted);
    }
  }

  // The line break a trace begins with would be an empty line on the page.
  withoutLead(text) {
    if (this.length) return text;
    const kept = text.trimStart();
    this.dropped += text.length - kept.length;
    return kept;
  }

  // Where the model's own text goes on: the last piece, until its paragraph is complete.
  pieceFor(part) {
    const last = this.last;
    if (last?.kind === "own-text" && (!last.text.endsWith("\n") || part.startsWith("\n") || formulaIsOpen(last.text))) return last;
    if (last?.kind === "forced" && !last.text) last.outer.append(make("span", "no-text", t("no text")));
    return this.add("own-text", "");
  }

  add(kind, symbol) {
    this.settle();
    const piece = { kind, outer: make("span", kind), text: "", start: this.length, length: 0, frontLength: 0, hasMath: false };
    if (symbol) piece.outer.append(make("span", "symbol", symbol));
    this.addParts(piece, "", "");
    this.currentBlock().append(piece.outer);
    this.all.push(piece);
    return piece;
  }

  currentBlock() {
    const complete = this.blockLength >= BLOCK_CHARACTERS && this.last.text.endsWith("\n");
    if (!this.block || complete) {
      this.node.append((this.block = make("div", "block")));
      this.blockLength = 0;
    }
    return this.block;
  }

  addParts(piece, front, back) {
    piece.front?.remove();
    piece.back?.remove();
    Object.assign(piece, { front: make("span", this.front, front), back: make("span", this.back, back) });
    piece.outer.append(piece.front, piece.back);
  }

  append(piece, text) {
    const n = lengthOf(text), inFront = piece.frontLength === piece.length && this.length + n <= this.mark;
    const part = inFront ? piece.front : piece.back, written = part.lastChild;
    if (written instanceof Text && written.length < BLOCK_CHARACTERS) written.appendData(text);
    else part.append(text);
    piece.text += text;
    piece.length += n;
    if (inFront) piece.frontLength += n;
    this.length += n;
    this.blockLength += text.length;
  }

  divide(piece, length) {
    if (piece.hasMath || length < piece.frontLength) { // formulas may have been drawn, or text goes back: begin with fresh text
      const characters = [...piece.text];
      this.addParts(piece, characters.slice(0, length).join(""), characters.slice(length).join(""));
      piece.frontLength = length;
      if (piece.hasMath) this.settled(piece);
      return;
    }
    while (piece.frontLength < length) {
      const text = piece.back.firstChild, left = length - piece.frontLength, n = lengthOf(text.data);
      if (n > left) text.splitText([...text.data].slice(0, left).join("").length);
      piece.frontLength += Math.min(n, left);
      piece.front.append(text);
    }
    piece.front.normalize();
  }
}

// Keep the newest line of a trace in sight, unless the reader has scrolled up. `followed` is the scroller's own memory.
export function keepNewestInSight(scroller) {
  const followed = Number(scroller.dataset.followed ?? 0);
  if (scroller.scrollTop >= followed - 24) scroller.scrollTop = scroller.scrollHeight;
  scroller.dataset.followed = scroller.scrollTop;
}
