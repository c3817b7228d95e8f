// A tab that asks one question and streams one view (asking.py): running or not, the problem line, stale results, Escape.
// view: {operations, clear(), show(), stop(why), sentence()}; all but the operations that end a run may assume a cleared view.

import * as address from "../page/address.js";
import { t } from "../page/language.js";
import { byId } from "./dom.js";
import { listenForKeys, nextExample } from "./keys.js";
import { Stream } from "./stream.js";

const PATIENCE_SECONDS = 1.5; // a run that has not begun by then is waiting for a place
const WAITING = "Others are running; yours begins as soon as a place is free.";

// A run or its end is asked for; from now on the address reproduces the run.
export function asked(kind, what, names, values) {
  if (what === "run") {
    const given = Object.fromEntries(names.map((name, i) => [name, values[i]]));
    delete given.speed; // the address keeps what it says of it
    address.set({ ...given, run: 1 }, kind);
  }
  document.dispatchEvent(new CustomEvent("s1-asked", { detail: { kind, what } }));
}

export class Asking {
  constructor({ element, props, trigger, watch }, kind, view) {
    Object.assign(this, { element, kind, view, fresh: true, asked: 0, question: "" });
    this.stream = new Stream({
      operations: this.operations(view.operations),
      begin: () => this.begin(),
      clear: () => this.clear(),
      show: () => this.fresh || view.show(),
      resync: () => trigger("resync"),
      lost: () => this.lost(),
    });
    watch("value", () => this.stream.receive(props.value));
    document.addEventListener("s1-asked", (event) => event.detail.kind === kind && this.onAsked(event.detail.what));
    listenForKeys(element, {
      "Control+Enter": () => byId(`${kind}-run`).click(),
      Escape: () => (this.stream.running ? byId(`${kind}-stop`).click() : document.activeElement.blur()),
      n: () => nextExample(element.closest(".tabitem")),
    });
    setInterval(() => this.checkQuestion(), 250);
    this.setRunning(false);
    if (byId(`${kind}-problem`).dataset.linked === "run") address.runLinked(kind, `${kind}-run`);
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
    this.fresh = true;
    this.question = this.questionInBox();
    this.showProblem("");
    this.setRunning(true);
  }

  lost() {
    if (!this.fresh) this.view.stop("connection lost");
    this.showProblem(t("The connection to the exhibit was lost. Check it, then run again."));
    this.setRunning(false);
  }

  onAsked(what) {
    this.asked = what === "run" ? Date.now() : 0;
    if (what === "stop" && !this.stream.running) this.showProblem("");
    const asked = this.asked;
    if (asked) {
      const remind = () => this.asked === asked && asked > this.stream.heard && this.showProblem(t(WAITING), "note");
      setTimeout(remind, 1000 * PATIENCE_SECONDS);
    }
  }

  questionInBox() {
    return document.querySelector(`#${this.kind}-question textarea`)?.value.trim() ?? "";
  }

  // A result must never seem to belong to a question it does not answer. Examples set the box without an event, so look often.
  checkQuestion() {
    const stale = !this.fresh && this.questionInBox() !== this.question;
    const text = stale ? t("Below: \u201C{question}\u201D. Press Run for the question above.", { question: this.question }) : "";
    this.element.dataset.stale = stale;
    const note = this.element.querySelector(".asked-stale");
    if (note.textContent !== text) note.textContent = text;
  }

  showProblem(text, kind = "problem") {
    const problem = byId(`${this.kind}-problem`);
    problem.textContent = text;
    problem.dataset.kind = kind;
  }

  setRunning(running) {
    this.element.dataset.running = running;
    byId(`${this.kind}-stop`)?.classList.toggle("can-stop", running);
    if (!running) this.element.querySelector(".asked-done").textContent = this.fresh ? "" : this.view.sentence();
  }
}
