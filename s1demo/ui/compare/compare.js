// The Compare tab around one comparison: question and problem line, running or not. The `element` and its companions are Gradio's.

import * as address from "../page/address.js";
import { t } from "../page/language.js";
import { Comparison } from "../web/comparison.js";
import { byId } from "../web/dom.js";
import { keepChoiceOfLetters, listenForKeys, nextExample } from "../web/keys.js";
import { Stream } from "../web/stream.js";
import { copyLink, forgetAnswer, runWithWaits } from "./actions.js";

const PATIENCE_SECONDS = 1.5; // a run that has not begun by then is waiting for a place
const STILL_SECONDS = 5; // a model that brings nothing for so long is said to be silent: a server elsewhere may have gone
const WAITING = "Others are running; yours begins as soon as a place is free.";

export function mount({ element, props, trigger, watch }) {
  const comparison = new Comparison(element);
  const oneMore = element.querySelector("#one-more");
  let asked = 0, question = "", settings = null, shown = null, extra = false, still = false;
  const stream = new Stream({
    operations: {
      ...comparison.operations,
      rate: (rate) => byId("measured-rate") && (byId("measured-rate").textContent = t(`The last run on this page: ${rate.toLocaleString("en")} tokens/s.`)),
      problem: (text) => showProblem(text),
      done: () => setRunning(false),
    },
    begin,
    clear: () => comparison.clear(),
    show,
    resync: () => trigger("resync"),
    lost,
  });

  function begin() {
    comparison.fresh = true;
    question = questionInBox();
    shown = settings;
    closeMore();
    showProblem("");
    setRunning(true);
    if (extra) showProblem(t(oneMoreWords()), "note");
    extra = false;
    element.querySelector("#save-traces").disabled = false;
  }

  function show() {
    comparison.show();
    const seconds = Math.round((Date.now() - stream.moved) / 1000);
    if (stream.running && seconds >= STILL_SECONDS) {
      still = true;
      showProblem(t("Nothing new from the model for {seconds} s. It is tried on; Stop ends it.", { seconds }), "note");
    } else if (still) {
      still = false;
      showProblem("");
    }
  }

  function lost() {
    comparison.stop("connection lost");
    showProblem(t("The connection to the exhibit was lost. Check it, then run again."));
    setRunning(false);
  }

  const questionInBox = () => document.querySelector("#question textarea")?.value.trim() ?? "";
  const isStale = () => !comparison.fresh && questionInBox() !== question;

  // A result must never seem to belong to a question it does not answer. Examples set the box without an event, so look often.
  function checkQuestion() {
    const stale = isStale();
    element.dataset.stale = stale;
    element.querySelector(".fork-stale").textContent = stale ? t("Below: \u201C{question}\u201D. Press Run for the question above.", { question }) : "";
    oneMore.disabled = !mayAddWait();
  }

  // Out of a text field single letters do something.
  function leaveOff() {
    closeMore();
    document.activeElement.blur();
  }

  function closeMore() {
    byId("more-panel").classList.remove("open");
    byId("more").setAttribute("aria-expanded", false);
  }

  function showProblem(text, kind = "problem") {
    const problem = byId("problem-text");
    problem.textContent = text;
    problem.dataset.kind = kind;
  }

  function onRunAsked(event) {
    settings = event.detail;
    asked = Date.now();
    setTimeout(() => asked > stream.heard && showProblem(t(WAITING), "note"), 1000 * PATIENCE_SECONDS);
  }

  function onStopAsked() {
    asked = 0;
    if (!stream.running) showProblem("");
  }

  function setRunning(running) {
    element.dataset.running = running;
    document.documentElement.classList.toggle("s1-running", running);
    if (!running) byId("announcement").textContent = comparison.fresh ? "" : comparison.svg.getAttribute("aria-label");
    oneMore.disabled = !mayAddWait();
  }

  function mayAddWait() {
    const finished = [...comparison.panes.values()].every((pane) => pane.finished);
    return finished && !stream.running && !isStale() && shown !== null && Number(shown.waits) < mostWaits();
  }

  const mostWaits = () => Number(document.querySelector("#num-waits input[type=number]").max);

  function addWait() {
    if (!mayAddWait()) return;
    extra = true;
    runWithWaits(Number(shown.waits) + 1);
  }

  // What a visitor may rely on when a run is repeated with one Wait more.
  function oneMoreWords() {
    if (Number(settings.temperature) === 0) return "One Wait more. Decoding is greedy, so everything before it is the same as in the last run.";
    return "One Wait more, with the same seed. At a temperature above 0 some engines still sample other tokens than in the last run.";
  }

  watch("value", () => stream.receive(props.value));
  listenForKeys(element, {
    "Control+Enter": () => byId("run").click(),
    Escape: () => (stream.running ? byId("stop").click() : leaveOff()),
    w: addWait,
    n: () => nextExample(element.closest(".tabitem")),
    "?": () => byId("keys").togglePopover(),
  });
  keepChoiceOfLetters(byId("single-keys"));
  oneMore.addEventListener("click", addWait);
  element.querySelector("#copy-link").addEventListener("click", (event) => copyLink(event.target));
  element.querySelector("#save-traces").addEventListener("click", () => trigger("save"));
  document.addEventListener("input", (event) => event.target.closest("#question") && forgetAnswer());
  document.addEventListener("s1-run-asked", onRunAsked);
  document.addEventListener("s1-stop-asked", onStopAsked);
  setInterval(checkQuestion, 250);
  setRunning(false);
  address.runLinked("compare", "run");
}
