// The How it works tab: draws what lesson.py says. Budget forcing is shown in steps, from a recorded comparison.

import * as address from "../page/address.js";
import { LANGUAGE, localNumber, t } from "../page/language.js";
import { CHECK, CROSS, make, ROUND_ARROW, SCISSORS, svgNode } from "../web/dom.js";
import { niceStep } from "../web/strip.js";

const TYPING_TOKENS_PER_SECOND = 40;

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
    const more = find(".forcing-more");
    more.replaceChildren(goButton(t("Run it yourself"), { tab: "compare", question: forcing.question }));
    more.append(goButton(t("Watch this recording"), { tab: "replay", replay: forcing.id }));
    if (spoilt) more.append(goButton(t("It can also go wrong: \u201C{question}\u201D", { question: spoilt.question }), { tab: "replay", replay: spoilt.id }));
  }

  function goButton(text, place) {
    const button = make("button", "go", text);
    button.type = "button";
    button.addEventListener("click", () => address.go(place));
    return button;
  }

  function codeItem({ what, place, url }) {
    const item = make("li"), code = make("code", "", place);
    item.append(make("span", "", `${t(what)} `));
    if (/^https?:\/\//.test(url)) {
      const link = make("a");
      Object.assign(link, { href: url, target: "_blank", rel: "noopener" });
      link.append(code);
      item.append(link);
    } else item.append(code);
    return item;
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
    Object.assign(this, { root, recorded, at: 1, typing: 0 });
    this.list = root.querySelector(".forcing-steps ol");
    this.trace = root.querySelector(".forcing-trace");
    this.steps = this.describe();
    root.querySelector(".forcing-question").replaceChildren(recorded.question, make("small", "", t("a recorded run of {model}", { model: recorded.model })));
    this.list.replaceChildren(...this.steps.map(({ title }, i) => this.stepButton(title, i + 1)));
    root.querySelector(".back").addEventListener("click", () => this.move(-1));
    root.querySelector(".next").addEventListener("click", () => this.move(1));
  }

  get count() {
    return this.steps.length;
  }

  stepButton(title, number) {
    const item = make("li"), button = make("button");
    button.type = "button";
    button.append(make("b", "", number), ` ${title}`);
    button.addEventListener("click", () => this.go(number));
    item.append(button);
    return item;
  }

  describe() {
    const { cut, natural, extended, budget } = this.recorded;
    const answer = ({ answer, verdict }) => (verdict ? `${answer}, ${t(verdict)}` : answer);
    const waits = extended.waits === 1 ? t("a single Wait") : t(`${extended.waits} Waits`);
    return [
      { title: t("The model thinks"), caption: t("Before it answers, the model writes notes to itself. Nobody asked for them: they are its thinking.") },
      {
        title: t("It wants to stop"),
        caption: t(`After ${natural.tokens} tokens it writes a stop. Left alone, it now answers {answer}.`, { answer: answer(natural) }),
      },
      {
        title: t("Either we cut it"),
        caption: t(`A budget of ${budget} tokens: we stop it there, append the end of thinking and ask for the answer. It has to say what it has: {answer}.`, { answer: answer(cut) }),
      },
      {
        title: t("Or we say \u201CWait\u201D"),
        caption: t("Its stop is thrown away and \u201CWait\u201D written in its place. The model takes the word for its own and cannot but go on."),
      },
      {
        title: t("The answer changes"),
        caption: t(`It checks itself. After {waits} and ${extended.tokens} tokens it answers {answer}. Of all that, only the marked words are ours.`, { waits, answer: answer(extended) }),
      },
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
    [...this.list.querySelectorAll("button")].forEach((button, i) => {
      if (i + 1 === number) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    });
    this.root.querySelector(".forcing-caption").textContent = this.steps[number - 1].caption;
    this.root.querySelector(".back").disabled = number === 1;
    this.root.querySelector(".next").disabled = number === this.count;
    this.root.dataset.step = number;
    this.draw(number, onward && !matchMedia("(prefers-reduced-motion: reduce)").matches);
  }

  draw(number, moving) {
    const { cut, natural, extended } = this.recorded;
    const first = extended.pieces.findIndex((piece) => piece.kind === "wait");
    clearInterval(this.typing);
    this.trace.replaceChildren();
    this.answer(null);
    if (number === 1) return this.type([this.thinking(natural.pieces[0])], moving);
    if (number === 2) {
      this.thinking(natural.pieces[0]);
      this.trace.append(make("span", "stop", t("\u25A0 stop")));
      return this.answer(natural);
    }
    if (number === 3) return this.drawCut(cut);
    extended.pieces.slice(0, first + 1).forEach((piece) => this.piece(piece));
    if (number === 4) return;
    const rest = extended.pieces.slice(first + 1).flatMap((piece) => this.piece(piece) ?? []);
    this.type(rest, moving, () => this.answer(extended));
  }

  drawCut(cut) {
    for (const piece of cut.pieces) {
      if (piece.kind === "end") this.trace.append(make("span", "cut-line", `${SCISSORS} ${t("cut here")}`));
      if (piece.kind === "end") this.trace.append(make("span", "forced", piece.text.trim()), " ");
      else this.thinking(piece);
    }
    this.answer(cut);
  }

  piece(piece) {
    if (piece.kind === "thinking") return this.thinking(piece);
    if (piece.kind === "wait") {
      const pill = make("span", "forced");
      pill.append(make("span", "symbol", ROUND_ARROW), piece.text);
      const stop = make("span", "stop thrown-away", t("\u25A0 stop"));
      this.trace.append(stop, " ", pill);
      return [stop, pill];
    }
    return undefined; // its end and its answer are in the line below
  }

  thinking(piece) {
    const node = make("span", piece.kind, piece.tokens.join("").replace(/^\n/, ""));
    this.trace.append(node);
    return node;
  }

  answer(run) {
    const line = this.root.querySelector(".forcing-answer");
    line.replaceChildren();
    if (!run) return;
    const mark = { right: t(`${CHECK} right`), wrong: t(`${CROSS} wrong`) }[run.verdict] ?? "";
    line.append(`${t("answer")} `, make("b", "", run.answer), make("span", `verdict ${run.verdict}`, mark), make("small", "", t(`${run.tokens} thinking tokens`)));
  }

  // Let nodes appear a word at a time, then go on.
  type(nodes, moving, then = () => {}) {
    if (!moving) return then();
    const texts = nodes.map((node) => [node.lastChild ?? node.appendChild(new Text("")), node.textContent, node]);
    const words = texts.flatMap(([text, , node]) => (node.className === "thinking" ? text.data.match(/\s*\S+|\s+/g) ?? [] : [text.data]).map((word) => [text, word, node]));
    for (const [text, , node] of texts) {
      text.data = "";
      node.classList.add("untyped");
    }
    let at = 0;
    this.typing = setInterval(() => {
      if (at === words.length) {
        clearInterval(this.typing);
        return then();
      }
      const [text, word, node] = words[at++];
      text.data += word;
      node.classList.remove("untyped");
      this.trace.scrollTop = this.trace.scrollHeight;
    }, 1000 / TYPING_TOKENS_PER_SECOND);
  }
}

// The stages as boxes; in each, what the paper published above what was measured here, each with its sign and its source.
function showRecipe(root, stages) {
  root.querySelector(".recipe-key").replaceChildren(
    make("span", "published", `\u25C7 ${t("the paper: published for {model}", { model: "s1-32B" })}`),
    make("span", "measured", `\u25C6 ${t("here: counted and measured for {model}", { model: "s1-mini" })}`),
  );
  root.querySelector("ol").replaceChildren(
    ...stages.map(({ title, what, published, measured }, i) => {
      const item = make("li");
      item.append(make("h3", "", `${i + 1} ${t(title)}`), make("p", "what", t(what)));
      item.append(figure("published", "\u25C7", t("the paper"), published), figure("measured", "\u25C6", t("here"), measured));
      return item;
    }),
  );
}

function figure(className, sign, kind, recorded) {
  const node = make("div", `figure ${className}`);
  node.append(make("p", "kind", `${sign} ${kind}`), make("p", "number", recorded ? t(recorded.number) : t("no figure")), make("p", "note", recorded ? t(recorded.what) : ""));
  if (recorded) node.title = `${className}: ${recorded.source}`;
  return node;
}

function showCurve(root, curve) {
  const svg = root.querySelector("svg");
  const recorded = curve.points.map((point) => `${point.label}: ${t(`${point.tokens.toFixed(0)} thinking tokens`)}, ${intervalOf(point)}`);
  svg.setAttribute("aria-label", `${t("Accuracy of {model} against mean thinking tokens.", { model: curve.model })} ${recorded.join(". ")}.`);
  const details = make("details"), table = make("table"), head = make("tr");
  for (const name of [t("setting"), t("tokens"), t("right, %"), t(`95 % interval`)]) head.append(make("th", "", name));
  table.append(head);
  for (const point of curve.points) {
    const row = make("tr"), interval = t(`${point.low.toFixed(1)} to ${point.high.toFixed(1)}`);
    for (const cell of [point.label, point.tokens.toFixed(0), localNumber(point.accuracy.toFixed(1)), interval]) row.append(make("td", "", cell));
    table.append(row);
  }
  details.append(make("summary", "", t("The figures")), table, make("p", "", t("Measured with:")), make("code", "", curve.command));
  const key = make("ul", "curve-key");
  for (const [kind, sign, words] of [
    ["truncated", "\u25CF", t("cut at a budget of thinking tokens")],
    ["natural", "\u25A0", t("left alone")],
    ["extended", "\u25C6", t(`made to go on with \u201CWait\u201D, up to ${Math.max(...curve.points.map(({ waits }) => waits))} times`)],
  ]) {
    const item = make("li", kind);
    item.append(make("span", "sign", `${sign} `), words);
    key.append(item);
  }
  const by = Object.fromEntries(curve.points.map((point) => [point.label, point]));
  const one = by["Wait x1"], two = by["Wait x2"], left = by.natural;
  const words = make("p", "", t("A bar is the 95 % interval: so far the figure may be off because these are only some of all such problems."));
  root.querySelector(".curve-words").replaceChildren(make("p", "curve-title", t(`{model} on ${curve.n.toLocaleString("en")} problems it never saw, measured here`, { model: curve.model })), key);
  if (one && two && left) {
    const gain = (a, b) => `${a.accuracy - b.accuracy >= 0 ? "+" : "\u2212"}${localNumber(Math.abs(a.accuracy - b.accuracy).toFixed(1))}`;
    root.querySelector(".curve-words").append(make("p", "", t("The first Wait changes accuracy by {first} points, the second by {second}.", { first: gain(one, left), second: gain(two, one) })));
  }
  root.querySelector(".curve-words").append(words, details);
  drawAccuracy(svg, curve);
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
  const step = niceStep(longest / (width > 560 ? 7 : 4));
  for (let tokens = 0; tokens <= longest; tokens += step) {
    svgNode(axis, "line", { x1: x(tokens), x2: x(tokens), y1: y(0), y2: y(0) + 4 });
    svgNode(axis, "text", { x: x(tokens), y: y(0) + 18, "text-anchor": "middle" }, tokens.toLocaleString(LANGUAGE));
  }
  svgNode(axis, "text", { x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, t("mean thinking tokens"));
  for (const kind of ["truncated", "extended"]) {
    const line = points.filter((point) => point.kind === kind || point.kind === "natural").sort((a, b) => a.tokens - b.tokens);
    const path = line.map((point, i) => `${i ? "L" : "M"} ${x(point.tokens)} ${y(point.accuracy)}`).join(" ");
    svgNode(svg, "path", { d: path, class: `curve-line ${kind}` });
  }
  for (const point of points) drawAccuracyPoint(svg, point, x(point.tokens), y);
  const named = { "budget 16": [8, 20, "start", t(`cut at 16`)], natural: [10, 18, "start", t("left alone")], "Wait x1": [0, 26, "middle", t("one Wait")] };
  for (const point of points) {
    const [dx, dy, anchor, words] = named[point.label] ?? [];
    const text = `${words}: ${point.accuracy.toFixed(0)} %`;
    if (words) svgNode(svg, "text", { x: x(point.tokens) + dx, y: y(point.accuracy) + dy, "text-anchor": anchor, class: `curve-label ${point.kind}` }, text);
  }
}

function drawAccuracyPoint(svg, point, x, y) {
  const mark = svgNode(svg, "g", { class: `curve-point ${point.kind}` }), at = y(point.accuracy);
  svgNode(mark, "title", {}, `${point.label}: ${intervalOf(point)}`);
  svgNode(mark, "path", { d: `M ${x} ${y(point.low)} V ${y(point.high)} M ${x - 3} ${y(point.low)} h 6 M ${x - 3} ${y(point.high)} h 6`, class: "whisker" });
  if (point.kind === "truncated") svgNode(mark, "circle", { cx: x, cy: at, r: 5 });
  if (point.kind === "natural") svgNode(mark, "rect", { x: x - 5, y: at - 5, width: 10, height: 10 });
  if (point.kind === "extended") svgNode(mark, "path", { d: `M ${x} ${at - 6} l 6 6 l -6 6 l -6 -6 Z` });
}
