// A tab that asks one question and streams one view (asking.py): running or not, the problem line, stale results, Escape.
// view: {operations, clear(), show(), stop(why), sentence()}; all but the operations that end a run may assume a cleared view.
// It may also have begin(asking), changed(asking), leave() and keys, besides those of every tab.

import * as address from "../page/address.js";
import { t } from "../page/language.js";
import { byId } from "./dom.js";
import { listenForKeys, nextExample } from "./keys.js";
import { Stream } from "./stream.js";

const PATIENCE_SECONDS = 1.5; // a run that has not begun by then is waiting for a place
const STILL_SECONDS = 5; // a model that brings nothing for so long is said to be silent: a server elsewhere may have gone
const WAITING = "Others are running; yours begins as soon as a place is free.";

// A run or its end is asked for, with the values of all fields; from now on the address reproduces the run.
export function asked(kind, what, names, values, linked) {
  const settings = Object.fromEntries(names.map((name, i) => [name, values[i]]));
  if (what === "run") address.set({ ...Object.fromEntries(linked.map((name) => [name, settings[name]])), run: 1 }, kind);
  document.dispatchEvent(new CustomEvent("s1-asked", { detail: { kind, what, settings } }));
}

export class Asking {
  constructor({ element, props, trigger, watch }, kind, view) {
    Object.assign(this, { element, kind, view, fresh: true, asked: 0, question: "", wanted: null, settings: null, still: false, trigger });
    this.stream = new Stream({
      operations: this.operations(view.operations),
      begin: () => this.begin(),
      clear: () => this.clear(),
      show: () => this.show(),
      resync: () => trigger("resync"),
      lost: () => this.lost(),
    });
    watch("value", () => this.stream.receive(props.value));
    document.addEventListener("s1-asked", (event) => event.detail.kind === kind && this.onAsked(event.detail));
    listenForKeys(element, {
      "Control+Enter": () => this.part("run").click(),
      Escape: () => (this.stream.running ? this.part("stop").click() : this.leave()),
      n: () => nextExample(element.closest(".tabitem")),
      ...view.keys,
    });
    setInterval(() => this.checkQuestion(), 250);
    this.setRunning(false);
    if (this.part("problem-text").dataset.linked === "run") address.runLinked(kind, this.id("run"));
  }

  // Only the landing tab has ids without the name of the tab (asking.py).
  id(part) {
    return this.kind === address.LANDING ? part : `${this.kind}-${part}`;
  }

  part = (part) => byId(this.id(part));

  // Out of a text field single letters do something.
  leave() {
    this.view.leave?.();
    document.activeElement.blur();
  }

  operations(own) {
    const clearing = ([name, carryOut]) => [name, (...values) => {
      if (this.fresh) this.clear();
      carryOut(...values);
    }];
    return {
      ...Object.fromEntries(Object.entries(own).map(clearing)),
      stopped: (why) => this.fresh || this.view.stop(why),
      problem: (text) => this.showProblem(text),
      done: () => this.setRunning(false),
    };
  }

  clear() {
    this.fresh = false;
    this.element.dataset.drawn = true;
    this.view.clear();
  }

  begin() {
    this.asked = 0;
    this.fresh = true;
    this.question = this.questionInBox();
    this.settings = this.wanted;
    this.showProblem("");
    this.setRunning(true);
    this.view.begin?.(this);
  }

  show() {
    if (!this.fresh) this.view.show();
    const seconds = Math.round((Date.now() - this.stream.moved) / 1000);
    if (this.stream.running && seconds >= STILL_SECONDS) {
      this.showProblem(t("Nothing new from the model for {seconds} s. It is tried on; Stop ends it.", { seconds }), "note");
      this.still = true;
    } else if (this.still) this.showProblem("");
  }

  lost() {
    if (!this.fresh) this.view.stop("connection lost");
    this.showProblem(t("The connection to the exhibit was lost. Check it, then run again."));
    this.setRunning(false);
  }

  onAsked({ what, settings }) {
    if (what === "stop") {
      if (this.asked) this.trigger("withdraw"); // out of the queue
      if (!this.stream.running) this.showProblem("");
      this.asked = 0;
      return;
    }
    const asked = (this.asked = Date.now()); // 0 once the run has begun, or was withdrawn
    this.wanted = settings;
    setTimeout(() => this.asked === asked && this.showProblem(t(WAITING), "note"), 1000 * PATIENCE_SECONDS);
  }

  questionInBox() {
    return this.part("question")?.querySelector("textarea")?.value.trim() ?? "";
  }

  // A result must never seem to belong to a question it does not answer. Examples set the box without an event, so check often.
  checkQuestion() {
    const stale = this.isStale();
    const text = stale ? t("Below: \u201C{question}\u201D. Press Run for the question above.", { question: this.question }) : "";
    this.element.dataset.stale = stale;
    const note = this.element.querySelector(".asked-stale");
    if (note.textContent !== text) note.textContent = text;
    this.view.changed?.(this);
  }

  isStale() {
    return !this.fresh && this.questionInBox() !== this.question;
  }

  showProblem(text, kind = "problem") {
    this.still = false; // the line no longer says that nothing comes
    const problem = this.part("problem-text");
    problem.textContent = text;
    problem.dataset.kind = kind;
  }

  setRunning(running) {
    this.element.dataset.running = running;
    this.part("stop")?.classList.toggle("can-stop", running);
    if (!running) this.element.querySelector(".asked-done").textContent = this.fresh ? "" : this.view.sentence();
    this.view.changed?.(this);
  }
}
