// Carries out the view operations of render.py. Model text and the visitor's words are untrusted: they are only ever set as text.
// Runs as the js_on_load of one gr.HTML; `element`, `trigger`, `watch` and `props` are Gradio's. fork.js stands before it.

const SILENCE_SECONDS = 8; // the server sends a heartbeat every 0.4 s
const PATIENCE_SECONDS = 1.5; // a run that has not begun by then is waiting for a place
const WAITING = "Others are running; yours begins as soon as a place is free.";
const byId = (id) => document.getElementById(id);

class Pane {
  constructor(node) {
    this.node = node;
    for (const name of ["status", "count", "meter", "trace", "thinking", "ending", "answer-line", "answer", "verdict", "details"]) {
      this[name.replace("-line", "Line")] = node.querySelector(`.${name}`);
    }
    this.clear();
  }

  clear() {
    this.data = { name: this.node.dataset.run, tokens: 0, shared: 0, waits: [], end: null, answer: null, verdict: "", stopped: "" };
    this.budget = 0;
    this.begun = this.finished = false;
    this.pieces = []; // the thinking text, piece by piece: {shared, own} spans; a forced piece is a pill
    this.sharedCharacters = this.dropped = 0;
    this.answerText = null;
    for (const part of [this.status, this.count, this.thinking, this.ending, this.answerLine, this.answer, this.verdict, this.details]) {
      part.replaceChildren();
    }
    this.verdict.className = "verdict";
    this.node.classList.remove("ended", "finished");
    this.setCount(0);
  }

  start(budget) {
    this.begun = true;
    this.budget = budget;
    this.meter.setAttribute("aria-valuemax", budget);
    this.setCount(this.data.tokens);
  }

  setCount(tokens) {
    this.data.tokens = tokens;
    this.node.dataset.thinkingTokens = tokens;
    this.meter.setAttribute("aria-valuenow", tokens);
    this.meter.firstElementChild.style.width = this.budget ? `${(100 * tokens) / this.budget}%` : tokens || this.data.end ? "100%" : "0";
    this.count.textContent = this.begun ? `${tokens.toLocaleString("en")} of ${this.budget.toLocaleString("en")}` : "";
  }

  write(kind, text) {
    if (kind === "answer") return this.writeAnswer(text);
    if (!this.pieces.length) this.addPiece("own-text", "");
    this.pieces.at(-1).own.append(this.withoutLead(text));
  }

  // The line break a trace begins with would be an empty line on the page.
  withoutLead(text) {
    if (this.thinking.textContent) return text;
    const kept = text.trimStart();
    this.dropped += text.length - kept.length;
    return kept;
  }

  writeAnswer(text) {
    if (!this.answerText) this.answerLine.append((this.answerText = make("span", "answer-text")));
    this.answerText.append(this.answerText.textContent ? text : text.trimStart());
  }

  addPiece(className, symbol) {
    const outer = make("span", className), shared = make("span", "shared"), own = make("span", "own");
    if (symbol) outer.append(make("span", "symbol", symbol));
    outer.append(shared, own);
    this.thinking.append(outer);
    this.pieces.push({ outer, shared, own });
  }

  wait(number, tokens) {
    this.data.waits.push({ at: tokens, word: "" });
    if (this.pieces.length && !this.thinking.textContent.endsWith("\n")) this.thinking.append(make("br")); // for the eye only
    this.addPiece("forced", ROUND_ARROW);
    this.pieces.at(-1).outer.title = `Forced: the model wanted to stop after ${tokens} thinking tokens and was made to go on (${number})`;
  }

  force(text) {
    const wait = this.data.waits.at(-1);
    if (wait) wait.word += text;
    this.pieces.at(-1).own.append(text);
    this.addPiece("own-text", "");
  }

  share(tokens, characters) {
    this.data.shared = tokens;
    this.sharedCharacters = characters - this.dropped;
  }

  // Move text from `own` to `shared`, front to back, until sharedCharacters are dimmed.
  dim() {
    let left = this.sharedCharacters;
    for (const { shared, own } of this.pieces) {
      left -= shared.textContent.length;
      while (left > 0 && own.firstChild) {
        const text = own.firstChild;
        if (text.length > left) text.splitText(left);
        left -= text.length;
        shared.append(text);
      }
      if (left <= 0) break;
      shared.normalize();
    }
  }

  end(reason, tokens) {
    this.data.end = { reason, at: tokens };
    this.setCount(tokens);
    this.node.classList.add("ended");
    const words = { natural: "\u25A0 thinking ended by itself", budget: `${SCISSORS} budget reached`, context: `${SCISSORS} context full` }[reason];
    this.ending.replaceChildren(make("p", reason === "natural" ? "natural-end" : "cut", words));
  }

  delimiter(text, label) {
    this.ending.firstElementChild.title = `Forced: ${text}`;
    if (!label || this.answerLine.querySelector(".forced")) return;
    const pill = make("span", "forced", label);
    pill.title = `Forced: ${text}`;
    this.answerLine.prepend(pill, " ");
  }

  finish(answer, verdict, details) {
    Object.assign(this.data, { answer, verdict });
    this.finished = true;
    this.node.classList.add("finished");
    this.answer.textContent = answer || "no answer";
    this.answer.title = answer;
    this.answer.classList.toggle("long", answer.length > 12);
    this.verdict.textContent = { right: `${CHECK} right`, wrong: `${CROSS} wrong` }[verdict] ?? "";
    if (verdict) this.verdict.classList.add(verdict);
    this.details.replaceChildren(...details.map((line) => make("span", "", line)));
  }

  stop(why) {
    if (this.finished) return;
    this.data.stopped = why;
    this.status.textContent = why;
  }

  follow() {
    const trace = this.trace;
    if (this.lastTop === undefined || trace.scrollTop >= this.lastTop - 24) trace.scrollTop = trace.scrollHeight;
    this.lastTop = trace.scrollTop;
  }
}

function make(name, className, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

const panes = new Map([...element.querySelectorAll("[data-run]")].map((node) => [node.dataset.run, new Pane(node)]));
const svg = element.querySelector(".fork svg");
const page = { run: 0, n: 0, fresh: true, lost: false, heard: 0, asked: 0, question: "" };

const operations = {
  start: (run, budget) => {
    if (page.fresh) clearPage();
    panes.get(run).start(budget);
  },
  text: (run, kind, text) => panes.get(run).write(kind, text),
  wait: (run, number, tokens) => panes.get(run).wait(number, tokens),
  forced: (run, text) => panes.get(run).force(text),
  count: (run, tokens) => panes.get(run).setCount(tokens),
  shared: (run, tokens, characters) => panes.get(run).share(tokens, characters),
  end: (run, reason, tokens) => panes.get(run).end(reason, tokens),
  delimiter: (run, text, label) => panes.get(run).delimiter(text, label),
  status: (run, text) => (panes.get(run).status.textContent = text),
  answer: (run, answer, verdict, details) => panes.get(run).finish(answer, verdict, details),
  sentence: (text) => svg.setAttribute("aria-label", text),
  rate: (rate) => byId("measured-rate") && (byId("measured-rate").textContent = ` \u00B7 ${rate.toLocaleString("en")} tok/s`),
  stopped: (why) => panes.forEach((pane) => pane.begun && pane.stop(why)),
  problem: (text) => showProblem(text),
  done: () => setRunning(false),
};

function receive(message) {
  if (!message || message.run < page.run) return;
  if (message.run > page.run) Object.assign(page, { run: message.run, n: 0, fresh: true, lost: false });
  if (!message.full) {
    if (page.lost || message.n <= page.n) return;
    if (message.n !== page.n + 1) {
      page.lost = true;
      return trigger("resync");
    }
  }
  if (message.n === 1) begin();
  if (message.full) clearPage();
  Object.assign(page, { n: message.n, lost: false, heard: Date.now() });
  for (const [kind, ...rest] of JSON.parse(message.ops)) operations[kind](...rest);
  show();
}

function begin() {
  page.question = questionInBox();
  closeMore();
  showProblem("");
  setRunning(true);
}

function clearPage() {
  page.fresh = false;
  panes.forEach((pane) => pane.clear());
  element.querySelector(".fork").classList.add("drawn");
  svg.setAttribute("aria-label", "The runs are thinking.");
}

const questionInBox = () => document.querySelector("#question textarea").value.trim();

// A result must never seem to belong to a question it does not answer. Examples set the box without an event, so look often.
function checkQuestion() {
  const stale = !page.fresh && questionInBox() !== page.question;
  element.dataset.stale = stale;
  element.querySelector(".fork-stale").textContent = stale ? `Below: \u201C${page.question}\u201D. Press Run for the question above.` : "";
}

function closeMore() {
  byId("more-panel").classList.remove("open");
  byId("more").setAttribute("aria-expanded", false);
}

function show() {
  for (const pane of panes.values()) {
    pane.dim();
    pane.follow();
  }
  draw();
}

function draw() {
  if (page.run && !page.fresh) drawFork(svg, [...panes.values()].map((pane) => pane.data));
}

function showProblem(text, kind = "problem") {
  const problem = byId("problem-text");
  problem.textContent = text;
  problem.dataset.kind = kind;
}

function onRunAsked() {
  page.asked = Date.now();
  setTimeout(() => page.asked > page.heard && showProblem(WAITING, "note"), 1000 * PATIENCE_SECONDS);
}

function onStopAsked() {
  page.asked = 0;
  if (element.dataset.running !== "true") showProblem("");
}

function setRunning(running) {
  element.dataset.running = running;
  document.documentElement.classList.toggle("s1-running", running);
  if (!running) byId("announcement").textContent = page.fresh ? "" : svg.getAttribute("aria-label");
}

function onKey(event) {
  if (event.key !== "Escape") return;
  if (element.dataset.running === "true") byId("stop").click();
  else closeMore();
}

function checkSilence() {
  if (element.dataset.running !== "true" || page.lost || Date.now() - page.heard < 1000 * SILENCE_SECONDS) return;
  panes.forEach((pane) => pane.begun && pane.stop("connection lost"));
  showProblem("The connection to the exhibit was lost. Check it, then run again.");
  setRunning(false);
}

watch("value", () => receive(props.value));
new ResizeObserver(draw).observe(svg);
document.addEventListener("keydown", onKey);
document.addEventListener("s1-run-asked", onRunAsked);
document.addEventListener("s1-stop-asked", onStopAsked);
setInterval(checkSilence, 1000);
setInterval(checkQuestion, 250);
setRunning(false);
