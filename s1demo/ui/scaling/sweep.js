// The sweep panel: what to measure, how far it is, stop and go on. The stream of messages comes through a hidden component.

import { t, tParts } from "../page/language.js";
import { Stream } from "../web/stream.js";

const PATIENCE_SECONDS = 1.5;
const WAITS = "Another sweep is running; yours begins when it is finished. Stop takes you out of the queue.";

export class SweepPanel {
  // trigger: Gradio's; onProgress(status): there is more to draw
  constructor(node, trigger, onProgress) {
    const part = (name) => node.querySelector(name);
    Object.assign(this, { node, trigger, onProgress, asked: 0, key: "" });
    Object.assign(this, { form: part("form"), problem: part(".sweep-problem"), state: part(".sweep-state"), bar: part("progress"), text: part(".sweep-text"), command: part("code") });
    this.stream = new Stream({
      operations: {
        status: (name, status) => this.show(status),
        stopped: () => this.problem.textContent || this.say(t("Stopped. What was finished is kept: run the same sweep again to go on."), "note"),
        problem: (text) => this.say(text),
        done: () => this.setRunning(false),
      },
      begin: () => this.begin(),
      clear() {},
      show() {},
      resync: () => trigger("resync"),
      lost: () => {
        this.say(t("The connection to the exhibit was lost. Check it, then run again: what was finished is kept."));
        this.setRunning(false);
      },
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.run();
    });
    part(".sweep-stop").addEventListener("click", () => this.stop());
    document.addEventListener("scaling-stream", ({ detail }) => this.stream.receive(detail));
    this.setRunning(false);
  }

  run() {
    this.asked = Date.now();
    this.say("");
    this.setRunning(true);
    this.trigger("run", Object.fromEntries(new FormData(this.form)));
    setTimeout(() => this.asked > this.stream.heard && this.say(t(WAITS), "note"), 1000 * PATIENCE_SECONDS);
  }

  stop() {
    this.asked = 0;
    this.trigger("stop");
    if (this.stream.running) return;
    this.trigger("withdraw"); // it was still in the queue
    this.setRunning(false);
    this.say("");
  }

  begin() {
    this.say("");
    this.setRunning(true);
  }

  setRunning(running) {
    this.node.dataset.running = running;
    this.form.querySelector(".sweep-run").disabled = running;
    this.form.querySelector(".sweep-stop").disabled = !running;
  }

  show(status) {
    this.key = status.key;
    this.state.hidden = false;
    this.bar.max = status.total;
    this.bar.value = status.done;
    this.text.textContent = tParts(status.text, " \u00B7 ");
    this.command.textContent = status.command;
    this.node.dataset.done = status.done;
    this.onProgress(status, this.form.elements.benchmark.value);
  }

  say(text, kind = "problem") {
    this.problem.textContent = text;
    this.problem.dataset.kind = kind;
  }
}
