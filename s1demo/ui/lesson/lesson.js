// The How it works tab: draws what lesson.py says. Budget forcing is shown in steps, from a recorded comparison.

import * as address from "../page/address.js";
import { LANGUAGE, localNumber, t } from "../page/language.js";
import { button, make, ROUND_ARROW, SCISSORS, svgNode, withAttributes } from "../web/dom.js";
import { inWords, pathThrough, ticks } from "../web/strip.js";

const TYPING_TOKENS_PER_SECOND = 40;
const SHAPES = { truncated: "M -5 0 a 5 5 0 1 0 10 0 a 5 5 0 1 0 -10 0", natural: "M -5 -5 h 10 v 10 h -10 Z", extended: "M 0 -6 l 6 6 l -6 6 l -6 -6 Z" };
const MARKS = { truncated: "\u25CF", natural: "\u25A0", extended: "\u25C6" };

export function mount({ element, props, trigger, watch }) {
  const root = element.querySelector(".lesson");
  const find = (selector) => root.querySelector(selector);
  let steps = null, curve = null;

  function show(content) {
    root.dataset.state = "ready";
    find(".lesson-lead").replaceChildren(...content.sentences.map((sentence) => make("p", "", t(sentence))));
    find(".forcing").hidden = !content.forcing;
    if (content.forcing) {
      steps = new ForcingSteps(find(".forcing"), content.forcing);
      showMore(content);
      follow();
    }
    showRecipe(find(".recipe"), content.recipe);
    find(".lesson-curve").hidden = !content.curve;
    curve = content.curve;
    if (curve) showCurve(find(".lesson-curve"), curve);
    for (const [place, items] of [[".real ul", content.real], [".left-out ul", content.left_out]]) {
      find(place).replaceChildren(...items.map((item) => make("li", "", t(item))));
    }
    find(".code ul").replaceChildren(...content.code.map(codeItem));
  }

  function showMore({ forcing, spoilt }) {
    const go = (text, place) => button(text, () => address.go(place), { class: "go" });
    const other = spoilt && go(t("It can also go wrong: \u201C{question}\u201D", { question: spoilt.question }), { tab: "replay", replay: spoilt.id });
    find(".forcing-more").replaceChildren(
      go(t("Run it yourself"), { tab: "compare", question: forcing.question }),
      go(t("Watch this recording"), { tab: "replay", replay: forcing.id }),
      ...(other ? [other] : []),
    );
  }

  function codeItem({ what, place, url }) {
    const code = make("code", "", place), link = { href: url, target: "_blank", rel: "noopener" };
    return make("li", "", make("span", "", `${t(what)} `), /^https?:\/\//.test(url) ? withAttributes(make("a", "", code), link) : code);
  }

  function follow() {
    const asked = Number(address.state("lesson").step);
    steps?.go(Number.isInteger(asked) && asked >= 1 && asked <= steps.count ? asked : 1, false);
  }

  function onKey(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by || !steps || !root.offsetParent || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.closest("input, textarea, select, [role=tab], [role=tablist], dialog, [popover]")) return;
    event.preventDefault();
    steps.move(by);
  }

  watch("value", () => props.value && show(JSON.parse(props.value)));
  document.addEventListener("keydown", onKey);
  document.addEventListener("s1-go", ({ detail }) => detail.tab === "lesson" && detail.step && follow());
  new ResizeObserver(() => curve && drawAccuracy(find(".lesson-curve svg"), curve)).observe(find(".lesson-curve svg"));
  trigger("open");
}

// Budget forcing step by step on one stage; a step types its new text unless motion is unwelcome.
class ForcingSteps {
  constructor(root, recorded) {
    Object.assign(this, { root, recorded, at: 1, turn: 0 });
    this.trace = root.querySelector(".forcing-trace");
    this.steps = this.describe();
    this.buttons = this.steps.map((_, i) => button("", () => this.go(i + 1)));
    this.buttons.forEach((each, i) => each.append(make("b", "", i + 1), ` ${this.steps[i][0]}`));
    root.querySelector(".forcing-question").replaceChildren(recorded.question, make("small", "", t("a recorded run of {model}", { model: recorded.model })));
    root.querySelector(".forcing-steps ol").replaceChildren(...this.buttons.map((each) => make("li", "", each)));
    root.querySelector(".back").addEventListener("click", () => this.move(-1));
    root.querySelector(".next").addEventListener("click", () => this.move(1));
  }

  get count() {
    return this.steps.length;
  }

  describe() {
    const { cut, natural, extended, budget } = this.recorded;
    const answer = ({ answer, verdict }) => (verdict ? `${answer}, ${t(verdict)}` : answer);
    const waits = extended.waits === 1 ? t("a single Wait") : t(`${extended.waits} Waits`);
    return [ // title, caption
      [t("The model thinks"), t("Before it answers, the model writes notes to itself. Nobody asked for them: they are its thinking.")],
      [t("It wants to stop"), t(`After ${natural.tokens} tokens it writes a stop. Left alone, it now answers {answer}.`, { answer: answer(natural) })],
      [
        t("Either we cut it"),
        t(`A budget of ${budget} tokens: we stop it there, append the end of thinking and ask for the answer. It has to say what it has: {answer}.`, { answer: answer(cut) }),
      ],
      [t("Or we say \u201CWait\u201D"), t("Its stop is thrown away and \u201CWait\u201D written in its place. The model takes the word for its own and cannot but go on.")],
      [
        t("The answer changes"),
        t(`It checks itself. After {waits} and ${extended.tokens} tokens it answers {answer}. Of all that, only the marked words are ours.`, { waits, answer: answer(extended) }),
      ],
    ];
  }

  move(by) {
    const to = this.at + by;
    if (to >= 1 && to <= this.count) this.go(to);
  }

  // Show a step; in the address only what a person asked for.
  go(number, asked = true) {
    const onward = number === this.at + 1 || (number === 1 && !asked);
    this.at = number;
    if (asked) address.set({ step: number }, "lesson");
    this.buttons.forEach((each, i) => (each.ariaCurrent = i + 1 === number ? "step" : null));
    this.root.querySelector(".forcing-caption").textContent = this.steps[number - 1][1];
    this.root.querySelector(".back").disabled = number === 1;
    this.root.querySelector(".next").disabled = number === this.count;
    this.root.dataset.step = number;
    this.draw(number, onward && !matchMedia("(prefers-reduced-motion: reduce)").matches);
  }

  draw(number, moving) {
    const { cut, natural, extended } = this.recorded;
    const write = ({ pieces }, ...range) => pieces.slice(...range).flatMap((piece) => this.write(piece));
    const rest = extended.pieces.findIndex(({ kind }) => kind === "wait") + 1; // behind the first Wait
    this.turn += 1;
    this.trace.replaceChildren();
    this.answer(null);
    if (number === 3) {
      write(cut);
      return this.answer(cut);
    }
    const written = number < 3 ? write(natural, 0, 1) : write(extended, 0, rest);
    if (number === 1) return this.type(written, moving);
    if (number === 2) {
      this.trace.append(make("span", "stop", t("\u25A0 stop")));
      return this.answer(natural);
    }
    if (number === 5) this.type(write(extended, rest), moving, () => this.answer(extended));
  }

  // A piece of a run as nodes of the trace; what follows a cut is forced, any other end and its answer are in the line below.
  write({ kind, reason, text }) {
    const nodes = {
      thinking: () => [make("span", kind, text.replace(/^\n/, ""))],
      wait: () => [make("span", "stop thrown-away", t("\u25A0 stop")), " ", make("span", "forced", make("span", "symbol", ROUND_ARROW), text)],
      end: () => (reason === "budget" ? [make("span", "cut-line", `${SCISSORS} ${t("cut here")}`), make("span", "forced", text.trim()), " "] : []),
      answer: () => (this.at === 3 ? [make("span", kind, text.replace(/^\n/, ""))] : []),
    }[kind]();
    this.trace.append(...nodes);
    return nodes.filter((node) => node instanceof Element);
  }

  answer(run) {
    const line = this.root.querySelector(".forcing-answer");
    line.replaceChildren();
    if (!run) return;
    const verdict = make("span", `verdict ${run.verdict}`, inWords(run.verdict));
    line.append(`${t("answer")} `, make("b", "", run.answer), verdict, make("small", "", t(`${run.tokens} thinking tokens`)));
  }

  // Let nodes appear, thinking a word at a time, then go on.
  async type(nodes, moving, then = () => {}) {
    const { turn } = this;
    const parts = moving ? nodes.flatMap((node) => {
      const words = node.className === "thinking" ? node.textContent.match(/\s*\S+|\s+/g) ?? [] : [[...node.childNodes]];
      node.replaceChildren();
      return words.map((word) => [node, word]);
    }) : [];
    for (const [node, word] of parts) {
      await new Promise((next) => setTimeout(next, 1000 / TYPING_TOKENS_PER_SECOND));
      if (turn !== this.turn) return;
      node.append(...[word].flat());
      this.trace.scrollTop = this.trace.scrollHeight;
    }
    then();
  }
}

// The stages as boxes; in each, what the paper published above what was measured here, each with its sign and its source.
function showRecipe(root, stages) {
  root.querySelector(".recipe-key").replaceChildren(
    make("span", "published", `\u25C7 ${t("the paper: published for {model}", { model: "s1-32B" })}`),
    make("span", "measured", `\u25C6 ${t("here: counted and measured for {model}", { model: "s1-mini" })}`),
  );
  root.querySelector("ol").replaceChildren(
    ...stages.map(({ title, what, published, measured }, i) => make("li", "",
      make("h3", "", `${i + 1} ${t(title)}`),
      make("p", "what", t(what)),
      figure("published", "\u25C7", t("the paper"), published),
      figure("measured", "\u25C6", t("here"), measured),
    )),
  );
}

function figure(className, sign, kind, recorded) {
  const [number, note] = recorded ? [t(recorded.number), t(recorded.what)] : [t("no figure"), ""];
  const node = make("div", `figure ${className}`, make("p", "kind", `${sign} ${kind}`), make("p", "number", number), make("p", "note", note));
  if (recorded) node.title = `${className}: ${recorded.source}`;
  return node;
}

function showCurve(root, curve) {
  const { model, points } = curve, svg = root.querySelector("svg");
  const recorded = points.map((point) => `${point.label}: ${t(`${point.tokens.toFixed(0)} thinking tokens`)}, ${intervalOf(point)}`);
  svg.setAttribute("aria-label", `${t("Accuracy of {model} against mean thinking tokens.", { model })} ${recorded.join(". ")}.`);
  const row = (cell, ...texts) => make("tr", "", ...texts.map((text) => make(cell, "", text)));
  const rows = points.map(({ label, tokens, accuracy, low, high }) =>
    row("td", label, tokens.toFixed(0), localNumber(accuracy.toFixed(1)), t(`${low.toFixed(1)} to ${high.toFixed(1)}`)));
  const key = (kind, words) => make("li", kind, make("span", "sign", `${MARKS[kind]} `), words);
  root.querySelector(".curve-words").replaceChildren(
    make("p", "curve-title", t(`{model} on ${curve.n.toLocaleString("en")} problems it never saw, measured here`, { model })),
    make("ul", "curve-key",
      key("truncated", t("cut at a budget of thinking tokens")),
      key("natural", t("left alone")),
      key("extended", t(`made to go on with \u201CWait\u201D, up to ${Math.max(...points.map(({ waits }) => waits))} times`)),
    ),
    ...gainOf(points),
    make("p", "", t("A bar is the 95 % interval: so far the figure may be off because these are only some of all such problems.")),
    make("details", "",
      make("summary", "", t("The figures")),
      make("table", "", row("th", t("setting"), t("tokens"), t("right, %"), t(`95 % interval`)), ...rows),
      make("p", "", t("Measured with:")),
      make("code", "", curve.command),
    ),
  );
  drawAccuracy(svg, curve);
}

// What the first two Waits gain, where all three were measured.
function gainOf(points) {
  const [left, one, two] = ["natural", "Wait x1", "Wait x2"].map((label) => points.find((point) => point.label === label)?.accuracy);
  if (![left, one, two].every(Number.isFinite)) return [];
  const signed = (gain) => `${gain >= 0 ? "+" : "\u2212"}${localNumber(Math.abs(gain).toFixed(1))}`;
  const gains = { first: signed(one - left), second: signed(two - one) };
  return [make("p", "", t("The first Wait changes accuracy by {first} points, the second by {second}.", gains))];
}

const intervalOf = ({ accuracy, low, high }) => t(`${accuracy.toFixed(1)} % (95 % interval ${low.toFixed(1)} to ${high.toFixed(1)})`);

// Accuracy from 0 to 100 % over mean thinking tokens from 0, both linear: nothing is cut off.
function drawAccuracy(svg, { points }) {
  const width = svg.clientWidth, height = 300, left = 44, right = width > 560 ? 24 : 12, top = 16, bottom = 44;
  if (!width) return;
  const longest = Math.max(...points.map((point) => point.tokens));
  const x = (tokens) => left + (tokens / longest) * (width - left - right);
  const y = (percent) => top + (1 - percent / 100) * (height - top - bottom);
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const axis = svgNode(svg, "g", { class: "curve-axis" });
  for (const percent of [0, 25, 50, 75, 100]) {
    svgNode(axis, "line", { x1: left, x2: width - right, y1: y(percent), y2: y(percent) });
    svgNode(axis, "text", { x: left - 8, y: y(percent) + 4, "text-anchor": "end" }, `${percent} %`);
  }
  for (const tokens of ticks(longest, width > 560 ? 7 : 4)) {
    svgNode(axis, "line", { x1: x(tokens), x2: x(tokens), y1: y(0), y2: y(0) + 4 });
    svgNode(axis, "text", { x: x(tokens), y: y(0) + 18, "text-anchor": "middle" }, tokens.toLocaleString(LANGUAGE));
  }
  svgNode(axis, "text", { x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, t("mean thinking tokens"));
  for (const kind of ["truncated", "extended"]) {
    const line = points.filter((point) => [kind, "natural"].includes(point.kind)).sort((a, b) => a.tokens - b.tokens);
    svgNode(svg, "path", { d: pathThrough(line.map((point) => [x(point.tokens), y(point.accuracy)])), class: `curve-line ${kind}` });
  }
  const named = { "budget 16": [8, 20, "start", t(`cut at 16`)], natural: [10, 18, "start", t("left alone")], "Wait x1": [0, 26, "middle", t("one Wait")] };
  for (const { label, kind, tokens, accuracy, low, high } of points) {
    const at = x(tokens), mark = svgNode(svg, "g", { class: `curve-point ${kind}` });
    svgNode(mark, "title", {}, `${label}: ${intervalOf({ accuracy, low, high })}`);
    svgNode(mark, "path", { d: `M ${at} ${y(low)} V ${y(high)} M ${at - 3} ${y(low)} h 6 M ${at - 3} ${y(high)} h 6`, class: "whisker" });
    svgNode(mark, "path", { d: SHAPES[kind], transform: `translate(${at} ${y(accuracy)})` });
    const [dx, dy, anchor, words] = named[label] ?? [];
    if (!words) continue;
    const text = `${words}: ${accuracy.toFixed(0)} %`;
    svgNode(svg, "text", { x: at + dx, y: y(accuracy) + dy, "text-anchor": anchor, class: `curve-label ${kind}` }, text);
  }
}
