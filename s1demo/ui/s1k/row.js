// One row, whole: question, reference solution, the traces side by side. Everything of it is untrusted and only ever set as text.

import { t } from "../page/language.js";
import { copyText, make } from "../web/dom.js";
import { observeFormulas, paragraphs } from "../web/math.js";
import { lengthText, verdictMark } from "./list.js";

const TERM = /"([^"]*)(?:"|$)|([^\s"]+)/g; // as the search reads it: words and "phrases"

export class RowReader {
  // actions: {previous, next, random, list, raw(on), ask(row), copyLink}: what the buttons do
  constructor(node, actions) {
    Object.assign(this, { node, actions, row: null, raw: false, search: "" });
    node.addEventListener("s1-formulas", () => this.highlight());
  }

  show(row, place, total) {
    this.row = row;
    this.node.setAttribute("aria-label", t(`row ${row.row} of {set}`, { set: row.set }));
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
    for (const button of this.node.querySelectorAll("[data-raw]")) button.setAttribute("aria-pressed", (button.dataset.raw === "raw") === raw);
    for (const [, , , text, body] of this.bodies) this.write(body, text);
    this.highlight();
  }

  head() {
    const head = make("header", "s1k-head"), { actions } = this;
    const name = make("h2", "", t(`Row ${this.row.row}`));
    name.append(make("small", "s1k-place"));
    const forms = make("span", "s1k-forms");
    forms.setAttribute("role", "group");
    forms.setAttribute("aria-label", t("show formulas"));
    for (const form of ["rendered", "raw"]) {
      const button = this.button(t(form), form === "raw" ? t("The text exactly as the data set has it (t)") : t("Formulas as formulas (t)"), () => actions.raw(form === "raw"));
      button.dataset.raw = form;
      button.setAttribute("aria-pressed", (form === "raw") === this.raw);
      forms.append(button);
    }
    const think = this.button(t("Think about this"), t("Open Compare with this question and its true answer"), () => actions.ask(this.row));
    think.classList.add("s1k-think");
    head.append(
      this.button(`\u2190 ${t("all rows")}`, t("Back to the list"), actions.list, "s1k-back"),
      name,
      this.button("\u2039", t("Previous row (k)"), actions.previous, "s1k-step", t("previous row")),
      this.button("\u203A", t("Next row (j)"), actions.next, "s1k-step", t("next row")),
      this.button(t("random"), t("A random row of those found (r)"), actions.random),
      make("span", "s1k-gap"),
      forms,
      this.button(t("copy text"), t("Copy the whole row, LaTeX as it is"), (event) => copyFrom(event.currentTarget, rawText(this.row))),
      this.button(t("copy link"), t("Copy a link to this row"), (event) => copyFrom(event.currentTarget, actions.link())),
      think,
    );
    return head;
  }

  button(words, title, press, className = "", label = "") {
    const button = make("button", className, words);
    Object.assign(button, { type: "button", title });
    if (label) button.setAttribute("aria-label", label);
    button.addEventListener("click", press);
    return button;
  }

  problem() {
    this.bodies = this.row.parts.map((part) => [...part, make("div", "s1k-text with-formulas")]);
    const section = make("section", "s1k-problem"), facts = make("p", "s1k-facts");
    section.setAttribute("aria-label", t("question"));
    facts.append(make("span", "", `${t("source")}: ${this.row.source}`), make("span", "", `${t("domain")}: ${this.row.domain}`));
    facts.firstChild.title = this.row.origin;
    const answer = make("span", "", this.row.answer ? `${t("true answer")}: ` : t("no short true answer"));
    if (this.row.answer) answer.append(this.math(make("b"), this.row.answer));
    facts.append(answer);
    if (this.row.answer && !this.row.gradable) facts.append(make("span", "", t("shown without a verdict in Compare: no rule grades it")));
    section.append(this.part("question", ""), facts);
    const solution = this.part("solution", "");
    if (solution && solution.textContent.trim() !== this.row.answer) section.append(this.folded(t("reference solution"), solution));
    return section;
  }

  // A formula that may come without its dollars, as answers do.
  math(node, text) {
    node.textContent = /\\/.test(text) && !/\$/.test(text) ? `$${text}$` : text;
    if (!this.raw) observeFormulas(node);
    return node;
  }

  traces() {
    const section = make("section", "s1k-traces");
    section.setAttribute("aria-label", t("traces"));
    for (const [teacher, name, length, verdict, reason] of this.row.traces) {
      const pane = make("article", "s1k-trace"), head = make("header"), body = make("div", "s1k-thinking");
      pane.setAttribute("aria-label", `${t("trace")}: ${t(name)}`);
      const facts = make("p", "s1k-facts");
      facts.append(make("span", "", lengthText(length, this.row.unit)), verdictMark(verdict));
      head.append(make("h3", "", t(name)), facts);
      Object.assign(body, { tabIndex: 0 });
      body.setAttribute("role", "region");
      body.setAttribute("aria-label", `${t("thinking of")} ${t(name)}`);
      body.append(this.part("thinking", teacher) ?? make("p", "s1k-none", t("No trace.")));
      pane.append(head, body);
      const foot = make("footer"), answer = this.part("answer", teacher);
      if (answer) foot.append(make("span", "s1k-label", t("answer")), answer);
      if (reason) foot.append(this.folded(t("the grader's reason"), make("p", "s1k-text", reason)));
      if (foot.childNodes.length) pane.append(foot);
      section.append(pane);
    }
    return section;
  }

  part(kind, teacher) {
    const found = this.bodies.find((part) => part[0] === kind && part[1] === teacher);
    if (!found) return null;
    this.write(found[4], found[3]);
    return found[4];
  }

  folded(words, inside) {
    const node = make("details", "s1k-folded");
    node.append(make("summary", "", words), inside);
    return node;
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

async function copyFrom(button, text) {
  const words = button.textContent;
  button.textContent = (await copyText(text)) ? t("copied") : t("the browser refused");
  setTimeout(() => (button.textContent = words), 1500);
}
