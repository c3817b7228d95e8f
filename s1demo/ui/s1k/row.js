// One row, whole: question, reference solution, the traces side by side. Everything of it is untrusted and only ever set as text.

import { t } from "../page/language.js";
import { button, copyFrom, make, withAttributes } from "../web/dom.js";
import { observeFormulas, paragraphs } from "../web/math.js";
import { lengthText, verdictMark } from "./list.js";

const TERM = /"([^"]*)(?:"|$)|([^\s"]+)/g; // as the search reads it: words and "phrases"
const facts = (...found) => make("p", "s1k-facts", ...found);
const named = (node, name, role) => withAttributes(node, { "aria-label": name, ...(role && { role }) });
const folded = (words, inside) => make("details", "s1k-folded", make("summary", "", words), inside);

export class RowReader {
  // actions: {previous, next, random, list, raw(on), ask(row), copyLink}: what the buttons do
  constructor(node, actions) {
    Object.assign(this, { node, actions, row: null, raw: false, search: "" });
    node.addEventListener("s1-formulas", () => this.highlight());
  }

  show(row, place, total) {
    this.row = row;
    named(this.node, t(`row ${row.row} of {set}`, { set: row.set }));
    this.node.replaceChildren(this.head(), this.problem(), this.traces());
    this.node.scrollTop = 0;
    this.place(place, total);
    this.highlight(true);
  }

  place(place, total) {
    if (!this.row) return;
    const words = place < 0 ? t("not among the rows found") : t(`${(place + 1).toLocaleString("en")} of ${total.toLocaleString("en")} found`);
    this.node.querySelector(".s1k-place").textContent = words;
  }

  setRaw(raw) {
    this.raw = raw;
    if (!this.row) return;
    for (const node of this.node.querySelectorAll("[data-raw]")) node.setAttribute("aria-pressed", (node.dataset.raw === "raw") === raw);
    for (const [, , , text, body] of this.bodies) this.write(body, text);
    this.highlight();
  }

  head() {
    const { actions } = this, refused = t("the browser refused");
    const form = (name, title, raw) => button(t(name), () => actions.raw(raw), { title, "data-raw": name, "aria-pressed": raw === this.raw });
    const step = (sign, name, title, press) => named(button(sign, press, { title, class: "s1k-step" }), name);
    return make("header", "s1k-head",
      button(`\u2190 ${t("all rows")}`, actions.list, { title: t("Back to the list"), class: "s1k-back" }),
      make("h2", "", t(`Row ${this.row.row}`), make("small", "s1k-place")),
      step("\u2039", t("previous row"), t("Previous row (k)"), actions.previous),
      step("\u203A", t("next row"), t("Next row (j)"), actions.next),
      button(t("random"), actions.random, { title: t("A random row of those found (r)") }),
      make("span", "s1k-gap"),
      named(make("span", "s1k-forms",
        form("rendered", t("Formulas as formulas (t)"), false),
        form("raw", t("The text exactly as the data set has it (t)"), true),
      ), t("show formulas"), "group"),
      button(t("copy text"), (event) => copyFrom(event.currentTarget, rawText(this.row), refused), { title: t("Copy the whole row, LaTeX as it is") }),
      button(t("copy link"), (event) => copyFrom(event.currentTarget, actions.link(), refused), { title: t("Copy a link to this row") }),
      button(t("Think about this"), () => actions.ask(this.row), { title: t("Open Compare with this question and its true answer"), class: "s1k-think" }),
    );
  }

  problem() {
    this.bodies = this.row.parts.map((part) => [...part, make("div", "s1k-text with-formulas")]);
    const { source, origin, domain, answer, gradable } = this.row;
    const solution = this.part("solution", "");
    return named(make("section", "s1k-problem",
      this.part("question", ""),
      facts(
        withAttributes(make("span", "", `${t("source")}: ${source}`), { title: origin }),
        make("span", "", `${t("domain")}: ${domain}`),
        answer ? make("span", "", `${t("true answer")}: `, this.math(make("b"), answer)) : make("span", "", t("no short true answer")),
        answer && !gradable && make("span", "", t("shown without a verdict in Compare: no rule grades it")),
      ),
      solution && solution.textContent.trim() !== answer && folded(t("reference solution"), solution),
    ), t("question"));
  }

  // A formula that may come without its dollars, as answers do.
  math(node, text) {
    node.textContent = /\\/.test(text) && !/\$/.test(text) ? `$${text}$` : text;
    if (!this.raw) observeFormulas(node);
    return node;
  }

  traces() {
    return named(make("section", "s1k-traces", ...this.row.traces.map((trace) => this.trace(...trace))), t("traces"));
  }

  trace(teacher, name, length, verdict, reason) {
    const answer = this.part("answer", teacher);
    const thinking = make("div", "s1k-thinking", this.part("thinking", teacher) ?? make("p", "s1k-none", t("No trace.")));
    return named(make("article", "s1k-trace",
      make("header", "", make("h3", "", t(name)), facts(make("span", "", lengthText(length, this.row.unit)), verdictMark(verdict))),
      withAttributes(named(thinking, `${t("thinking of")} ${t(name)}`, "region"), { tabindex: 0 }),
      (answer || reason) && make("footer", "",
        answer && make("span", "s1k-label", t("answer")),
        answer,
        reason && folded(t("the grader's reason"), make("p", "s1k-text", reason)),
      ),
    ), `${t("trace")}: ${t(name)}`);
  }

  part(kind, teacher) {
    const [, , , text, body] = this.bodies.find((part) => part[0] === kind && part[1] === teacher) ?? [];
    if (body) this.write(body, text);
    return body ?? null;
  }

  write(body, text) {
    body.classList.toggle("raw", this.raw);
    body.replaceChildren(...paragraphs(text).map((paragraph) => make("p", "", paragraph)));
    if (!this.raw) for (const paragraph of body.children) observeFormulas(paragraph);
  }

  // Mark what was searched for, without touching the text; `jump` scrolls to the first place within the traces.
  highlight(jump = false) {
    if (!window.Highlight) return;
    const terms = [...this.search.matchAll(TERM)].map(([, phrase, word]) => (phrase ?? word).trim().toLowerCase()).filter(Boolean);
    const ranges = [];
    for (const [, , , , body] of terms.length ? this.bodies ?? [] : []) findRanges(body, terms, ranges);
    CSS.highlights.set("s1k-found", new Highlight(...ranges));
    const first = ranges.find((range) => range.startContainer.parentElement.closest(".s1k-thinking"));
    if (!jump || !first || this.node.querySelector(".s1k-problem").contains(ranges[0].startContainer)) return;
    const pane = first.startContainer.parentElement.closest(".s1k-thinking");
    pane.scrollTop += first.getBoundingClientRect().top - pane.getBoundingClientRect().top - pane.clientHeight / 3;
  }
}

const MOST_RANGES = 500;
function findRanges(node, terms, ranges) {
  const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  while (walker.nextNode() && ranges.length < MOST_RANGES) {
    const text = walker.currentNode, plain = text.data.toLowerCase();
    if (plain.length !== text.length || text.parentElement.closest(".katex")) continue; // a letter that grows in lower case
    for (const term of terms) {
      for (let at = plain.indexOf(term); at >= 0 && ranges.length < MOST_RANGES; at = plain.indexOf(term, at + term.length)) {
        const range = new Range();
        range.setStart(text, at);
        range.setEnd(text, at + term.length);
        ranges.push(range);
      }
    }
  }
}

// A whole row as text to copy: headings, and below each the text exactly as the data set has it.
const rawText = (row) => row.parts.map(([, , heading, text]) => `# ${heading}\n\n${text}`).join("\n\n") + "\n";
