// The Compare tab around one comparison: question and problem line, running or not, keys. The `element` and its companions are Gradio's.

const PATIENCE_SECONDS = 1.5; // a run that has not begun by then is waiting for a place
const WAITING = "Others are running; yours begins as soon as a place is free.";

s1.compare = ({ element, props, trigger, watch }) => {
  const comparison = new Comparison(element);
  let asked = 0, question = "";
  const stream = new Stream({
    operations: {
      ...comparison.operations,
      rate: (rate) => byId("measured-rate") && (byId("measured-rate").textContent = ` \u00B7 ${rate.toLocaleString("en")} tok/s`),
      problem: (text) => showProblem(text),
      done: () => setRunning(false),
    },
    begin,
    clear: () => comparison.clear(),
    show: () => comparison.show(),
    resync: () => trigger("resync"),
    lost,
  });

  function begin() {
    comparison.fresh = true;
    question = questionInBox();
    closeMore();
    showProblem("");
    setRunning(true);
  }

  function lost() {
    comparison.stop("connection lost");
    showProblem("The connection to the exhibit was lost. Check it, then run again.");
    setRunning(false);
  }

  const questionInBox = () => document.querySelector("#question textarea").value.trim();

  // A result must never seem to belong to a question it does not answer. Examples set the box without an event, so look often.
  function checkQuestion() {
    const stale = !comparison.fresh && questionInBox() !== question;
    element.dataset.stale = stale;
    element.querySelector(".fork-stale").textContent = stale ? `Below: \u201C${question}\u201D. Press Run for the question above.` : "";
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

  function onRunAsked() {
    asked = Date.now();
    setTimeout(() => asked > stream.heard && showProblem(WAITING, "note"), 1000 * PATIENCE_SECONDS);
  }

  function onStopAsked() {
    asked = 0;
    if (!stream.running) showProblem("");
  }

  function setRunning(running) {
    element.dataset.running = running;
    document.documentElement.classList.toggle("s1-running", running);
    if (!running) byId("announcement").textContent = comparison.fresh ? "" : comparison.svg.getAttribute("aria-label");
  }

  function onKey(event) {
    if (event.key !== "Escape") return;
    if (stream.running) byId("stop").click();
    else closeMore();
  }

  watch("value", () => stream.receive(props.value));
  document.addEventListener("keydown", onKey);
  document.addEventListener("s1-run-asked", onRunAsked);
  document.addEventListener("s1-stop-asked", onStopAsked);
  setInterval(checkQuestion, 250);
  setRunning(false);
};
