// Fork picture and panes of one comparison, inside `root`: carries out the view operations of render.py, once it was cleared.

import { t } from "../page/language.js";
import { drawFork } from "./fork.js";
import { Pane } from "./pane.js";
import { keepNewestInSight } from "./pieces.js";
import { shorten, signed } from "./strip.js";
import { writingOperations } from "./trace_text.js";

export class Comparison {
  constructor(root) {
    this.root = root;
    this.panes = new Map([...root.querySelectorAll("[data-run]")].map((node) => [node.dataset.run, new Pane(node)]));
    this.svg = root.querySelector(".fork svg");
    this.fresh = true; // what is shown, if anything, belongs to an earlier comparison
    const pane = (run) => this.panes.get(run);
    this.operations = {
      start: (run, budget) => pane(run).start(budget),
      ...writingOperations(pane),
      count: (run, tokens) => (pane(run).data.tokens = tokens),
      shared: (run, tokens, characters) => pane(run).share(tokens, characters),
      status: (run, text) => (pane(run).status.textContent = t(text)),
      "so-far": (run, number, answer, verdict) => pane(run).answerSoFar(number, answer, verdict),
      loop: (run, token, period) => pane(run).loop(token, period),
      answer: (run, answer, verdict, details) => pane(run).finish(answer, verdict, details),
      verdict: (run, verdict) => pane(run).judge(verdict),
      truth: (text) => this.tell(".truth", t("True answer: {answer}", { answer: text })),
      saved: (engine, independent) => this.tell(".saved", savedWords(engine, independent)),
      sentence: (text) => this.svg.setAttribute("aria-label", text),
      stopped: (why) => this.stop(why),
    };
    new ResizeObserver(() => this.draw()).observe(this.svg);
  }

  // What the forced text did, in one sentence.
  story() {
    const run = [...this.panes.values()].find((pane) => pane.finished && pane.data.name === "extended")?.data;
    return run ? `${wentOn(run.waits)} ${answersOf(run)}`.trim() : "";
  }

  clear() {
    this.fresh = false;
    this.panes.forEach((pane) => pane.clear());
    this.svg.setAttribute("aria-label", t("The runs are thinking."));
    this.tell(".truth", "");
    this.tell(".saved", "");
    this.tell(".fork-story", "");
  }

  // Not every view with panes has a place for it.
  tell(place, text) {
    const node = this.root.querySelector(place);
    if (node && node.textContent !== text) node.textContent = text;
  }

  stop(why) {
    this.panes.forEach((pane) => pane.begun && pane.stop(why));
  }

  show() {
    for (const pane of this.panes.values()) pane.show();
    this.tell(".fork-story", this.story());
    for (const pane of this.panes.values()) keepNewestInSight(pane.trace); // asks where things are, so behind all changes
    this.draw();
  }

  draw() {
    if (!this.fresh) drawFork(this.svg, [...this.panes.values()].map((pane) => pane.data));
  }
}

function wentOn(waits) {
  if (!waits.length) return t("The extended run was not made to go on. Let it go on at least once to see what \u201CWait\u201D does.");
  const word = waits[0].word.trim();
  if (!word) return t("When it wanted to stop thinking, it was not allowed to, and went on.");
  if (waits.length === 1) return t("When it first wanted to stop thinking, \u201C{word}\u201D was written in its place, and it went on.", { word });
  return t(`The first ${waits.length} times it wanted to stop thinking, \u201C{word}\u201D was written in its place, and it went on.`, { word });
}

// The run's answer at each of its Waits and in the end; what stayed the same is said once. Unknown where a recording does not say.
function answersOf({ waits, answer, verdict }) {
  const known = [...waits, { answer, verdict }].filter((each) => each.answer !== null).map(inSentence);
  const changes = known.filter((words, i) => words !== known[i - 1]);
  if (known.length < 2) return "";
  if (changes.length < 2) return t("Its answer stayed {answer}.", { answer: changes[0] });
  return t("Its answer went {answers}.", { answers: changes.join(" \u2192 ") });
}

// Where no true answer is known there is no sign: the answer in quotation marks.
const inSentence = ({ answer, verdict }) => (verdict || !answer ? signed(answer, verdict) : t("\u201C{text}\u201D", { text: shorten(answer, 24) }));

function savedWords(engine, independent) {
  const saved = independent - engine, number = (n) => n.toLocaleString("en");
  if (saved > 0) return t(`Sharing saved ${number(saved)} of ${number(independent)} tokens: ${number(engine)} were decoded, answers so far included.`);
  return t(`${number(engine)} tokens were decoded, answers so far included; the runs on their own take ${number(independent)}.`);
}
