// The Race tab: a lane for the sequential trace and one for each sample, on one axis of tokens, and the vote (view.py).

import { localNumber, phrase, t } from "../page/language.js";
import { Asking } from "../web/asking.js";
import { button, make, ROUND_ARROW } from "../web/dom.js";
import { keepNewestInSight } from "../web/pieces.js";
import { axisEnd, drawStrip, showVerdict, signed, ticks, verdictClass } from "../web/strip.js";
import { TraceText, writingOperations } from "../web/trace_text.js";

const RACE_CROWDED = [[8, "few"], [16, "some"], [Infinity, "many"]]; // samples -> how high their lanes are

export function mount(component) {
  const { element } = component;
  const part = (selector) => element.querySelector(selector);
  const lanesNode = part(".race-lanes"), field = part(".race-field"), scroller = part(".race-trace .trace-text");
  let race;

  const operations = {
    ...writingOperations((name) => lane(name).text),
    start: (name) => lane(name),
    wait: (name, number, tokens, written) => {
      lane(name).waits.push(written);
      lane(name).text.wait(number, tokens);
    },
    spent: (name, tokens) => (lane(name).node.dataset.tokens = lane(name).tokens = tokens),
    answered: (name, tokens, answer, verdict, waits) => lane(name).answers.push({ tokens, answer, verdict, waits }),
    fair: (tokens) => (race.fair = tokens),
    vote: (tokens, answer, verdict, group, votes, of) => race.votes.push({ tokens, answer, verdict, group, votes, of }),
    tally: (answers) => (race.tally = answers),
    result: (method, answer, verdict, line) => {
      const card = part(`[data-result="${method}"]`);
      showVerdict(card, answer, verdict);
      card.querySelector(".line").textContent = line.split("; ").map(phrase).join("; ");
    },
    sentence: (words) => (race.sentence = words),
  };

  function clear() {
    race = { lanes: new Map(), votes: [], tally: [], fair: null, chosen: "sequential", stopped: "", sentence: "" };
    lanesNode.replaceChildren();
    delete scroller.dataset.followed;
    for (const node of element.querySelectorAll(".race-result :is(.answer, .verdict, .line)")) node.textContent = "";
    part(".tally").replaceChildren();
    race.vote = newLane("vote", t("vote so far"));
    lane("sequential");
  }

  function lane(name) {
    if (!race.lanes.has(name)) {
      const found = newLane(name, t(name === "sequential" ? "sequential" : `sample ${name}`));
      Object.assign(found, { tokens: 0, waits: [], answers: [], text: new TraceText(make("div")) });
      race.lanes.set(name, found);
      if (name === race.chosen) choose(name);
    }
    return race.lanes.get(name);
  }

  // One row: its name, a button to read what it wrote, and its bar. The vote is the last row, under the samples.
  function newLane(name, title) {
    const isVote = name === "vote", pick = () => choose(name), className = "lane-name";
    const label = isVote ? make("span", className, title) : button(title, pick, { class: className, "aria-pressed": false });
    const bar = make("div", isVote ? "answer-strip" : "bar"), marks = make("div", "marks"), plot = make("div", "lane-plot", bar, marks);
    const node = make("div", `lane ${/^\d+$/.test(name) ? "sample" : name}`, label, plot);
    if (!isVote) plot.addEventListener("click", pick);
    lanesNode.insertBefore(node, isVote ? null : race.vote?.node);
    return { name, title, node, label, bar, marks };
  }

  function choose(name) {
    race.chosen = name;
    for (const each of race.lanes.values()) each.label.setAttribute("aria-pressed", each.name === name);
    const chosen = race.lanes.get(name);
    scroller.replaceChildren(chosen.text.trace);
    delete scroller.dataset.followed;
    keepNewestInSight(scroller);
    part("#race-trace-title").textContent = name === "sequential" ? t("What the sequential trace wrote") : `What ${chosen.title} wrote`;
  }

  const samples = () => [...race.lanes.values()].filter((each) => each.name !== "sequential");

  function show() {
    keepNewestInSight(scroller);
    draw();
  }

  function stop(why) {
    race.stopped = why;
    draw();
  }

  function draw() {
    if (!race) return;
    const sequential = race.lanes.get("sequential"), parallel = samples();
    const spent = parallel.reduce((sum, each) => sum + each.tokens, 0);
    const end = axisEnd(Math.max(sequential.tokens, spent), stream.stream.running);
    const x = (tokens) => `${(100 * tokens) / end}%`;
    lanesNode.dataset.crowd = RACE_CROWDED.find(([most]) => parallel.length <= most)[1];
    drawSequential(sequential, x);
    let from = 0;
    for (const each of parallel) {
      drawBar(each, from, x);
      drawTag(each, from + each.tokens, each.answers.at(-1), x);
      from += each.tokens;
    }
    drawVote(end);
    drawField(end, x);
  }

  function drawBar(each, from, x) {
    each.bar.style.left = x(from);
    each.bar.style.width = x(each.tokens);
  }

  // The answer at the end of a lane, or that it was stopped before there was one.
  function drawTag(each, at, answered, x) {
    const words = answered ? signed(answered.answer, answered.verdict) : each.tokens && race.stopped;
    const classes = ["tag", answered && verdictClass(answered.answer, answered.verdict), at < race.fair && "within"].filter(Boolean);
    const title = `${each.title}: ${answered ? words : "no answer yet"}, ${each.tokens.toLocaleString("en")} tokens`;
    each.marks.replaceChildren(placed(make("span", classes.join(" "), words), x(at), title));
  }

  function drawSequential(each, x) {
    drawBar(each, 0, x);
    const last = each.answers.find((answered) => answered.tokens === race.fair);
    drawTag(each, each.tokens, last, x);
    each.waits.forEach((tokens, i) => {
      const title = `made to go on (${i + 1}) after ${tokens.toLocaleString("en")} tokens`, found = each.answers.find(({ waits }) => waits === i);
      each.marks.append(placed(make("span", "wait-mark", ROUND_ARROW), x(tokens), title));
      if (!found) return;
      const over = make("span", `over ${verdictClass(found.answer, found.verdict)}`, signed(found.answer, found.verdict));
      each.marks.append(placed(over, x(tokens), `made to go on ${i} times only, it says this`));
    });
    let right = -Infinity; // an answer that would lie on the one before it is left to the title of its mark
    for (const tag of each.marks.querySelectorAll(".over")) {
      const box = tag.getBoundingClientRect();
      if (box.left < right + 6) tag.remove();
      else right = box.right;
    }
  }

  function drawVote(end) {
    const found = [];
    for (const vote of race.votes) {
      if (found.at(-1)?.group !== vote.group) {
        if (found.length) found.at(-1).end = vote.tokens;
        found.push({ start: vote.tokens, ...vote });
      }
      Object.assign(found.at(-1), { end: vote.tokens, note: t(`${vote.votes} of ${vote.of}`) });
    }
    if (found.length) found.at(-1).end = Math.max(found.at(-1).end, samples().reduce((sum, each) => sum + each.tokens, 0));
    drawStrip(race.vote.bar, found, end);
    const whole = race.tally.reduce((sum, [, , , votes]) => sum + votes, 0);
    let start = 0;
    const shares = race.tally.map(([answer, verdict, group, votes]) => ({ start, end: (start += votes), answer, verdict, group, note: `\u00D7${votes}` }));
    drawStrip(part(".tally"), shares, whole || 1, "votes");
  }

  // Axis and the line of equal tokens, behind all lanes.
  function drawField(end, x) {
    const number = (tokens) => placed(make("span", "tick", localNumber(tokens.toLocaleString("en"))), x(tokens));
    const numbers = ticks(end, field.clientWidth > 500 ? 8 : 3).map(number);
    const unit = make("span", "unit", t("tokens the model wrote")), drawn = [...numbers, unit];
    if (race.fair !== null) {
      const words = t(`equal tokens: ${race.fair.toLocaleString("en")}`);
      const line = make("span", `fair ${race.fair > 0.6 * end ? "far" : ""}`, make("b", "", words));
      drawn.push(placed(make("span", "beyond"), x(race.fair)), placed(line, x(race.fair)));
    }
    field.replaceChildren(...drawn);
    const { left, top } = unit.getBoundingClientRect();
    for (const tick of numbers) { // numbers under the unit's own words are left out
      const box = tick.getBoundingClientRect();
      if (box.right > left - 6 && box.bottom > top && box.top < unit.getBoundingClientRect().bottom && unit.isConnected) tick.remove();
    }
  }

  const placed = (node, left, title = "") => {
    node.style.left = left;
    return Object.assign(node, { title });
  };
  const stream = new Asking(component, "race", { operations, clear, show, stop, sentence: () => race.sentence });
  new ResizeObserver(draw).observe(lanesNode);
}
