// The Replay tab: plays a recording that the server folded once (view.py), with no further word from it.

import * as address from "../page/address.js";
import { Comparison } from "../web/comparison.js";
import { copyText, make } from "../web/dom.js";
import { shorten } from "../web/strip.js";

const FRAME_MS = 40; // a long recording is more work to draw than a short one

// Frames [ms, tokens, ops] on a clock of their own, shown through a Comparison.
//   comparison: what shows them; changed(): the position, or whether it plays, is another
class Player {
  constructor(readingSpeed, changed) {
    Object.assign(this, { readingSpeed, changed, frames: [], shown: 0, position: 0, playing: false, speed: "reading" });
  }

  load(comparison, frames) {
    Object.assign(this, { comparison, frames, shown: 0, playing: false });
    this.seek(0);
  }

  get end() {
    return this.frames.at(-1)?.[0] ?? 0;
  }

  get atEnd() {
    return this.shown === this.frames.length;
  }

  play() {
    if (!this.frames.length || this.playing) return;
    if (this.atEnd) this.seek(0);
    Object.assign(this, { playing: true, last: null, steps: this.tokens });
    requestAnimationFrame((now) => this.tick(now));
    this.changed();
  }

  pause() {
    this.playing = false;
    this.changed();
  }

  setSpeed(speed) {
    Object.assign(this, { speed, steps: this.tokens });
  }

  get tokens() {
    return this.frames[this.shown - 1]?.[1] ?? 0;
  }

  tick(now) {
    if (!this.playing) return;
    this.last ??= now;
    if (now - this.last < FRAME_MS) return requestAnimationFrame((next) => this.tick(next));
    const passed = Math.min(now - this.last, 250); // a page that was away does not catch up
    this.last = now;
    if (this.speed === "reading") {
      this.steps += (passed / 1000) * this.readingSpeed;
      const reached = this.count((frame) => frame[1] <= this.steps);
      if (reached > this.shown) this.position = this.frames[reached - 1][0];
    } else this.position = Math.min(this.position + passed * Number(this.speed), this.end);
    this.show(Math.max(this.count((frame) => frame[0] <= this.position), this.shown));
    if (this.atEnd) return this.pause();
    this.changed();
    requestAnimationFrame((next) => this.tick(next));
  }

  seek(ms) {
    this.position = Math.min(Math.max(ms, 0), this.end);
    this.show(this.count((frame) => frame[0] <= this.position));
    this.steps = this.tokens;
    this.changed();
  }

  // One frame on or back.
  step(by) {
    const at = Math.min(Math.max(this.shown - 1 + by, 0), this.frames.length - 1);
    if (this.frames.length) this.seek(this.frames[at][0]);
  }

  // How many leading frames pass a test that later ones fail.
  count(passes) {
    return this.frames.findLastIndex(passes) + 1;
  }

  // Back means anew from the beginning.
  show(count) {
    if (count === this.shown) return;
    if (count < this.shown || !this.shown) {
      this.comparison.clear();
      this.shown = 0;
    }
    for (const [, , ops] of this.frames.slice(this.shown, count)) {
      for (const [kind, ...rest] of ops) this.comparison.operations[kind]?.(...rest);
    }
    this.shown = count;
    this.comparison.show();
  }
}

export function mount({ element, props, trigger, watch }) {
  const root = element.querySelector(".replay");
  const part = (name) => root.querySelector(`#replay-${name}`);
  const [choice, position, playButton, stage] = [part("choice"), part("position"), part("play"), root.querySelector(".replay-stage")];
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const { shipped, maxFileBytes, maxLinkCharacters, tooLarge, reading } = JSON.parse(root.dataset.settings);
  const player = new Player(reading, showPosition);
  let serial = 0, waiting = null, file = "", recording = null;

  function ask(what) {
    player.pause();
    serial = Math.max(serial + 1, Date.now());
    clearTimeout(waiting);
    waiting = setTimeout(() => tell("The exhibit does not answer. Check the connection, then choose again."), 15000);
    tell("Loading…", "note");
    trigger("choose", { ...what, serial });
  }

  function receive(text) {
    const answer = text ? JSON.parse(text) : null;
    if (!answer || answer.serial !== serial) return;
    clearTimeout(waiting);
    tell(answer.problem ?? "");
    if (answer.problem) return choice.value = recording ? recording.choice : "";
    show(answer);
  }

  function show(answer) {
    recording = { ...answer, choice: answer.shipped ?? `file ${answer.index}` };
    if (answer.titles) listFile(answer.titles);
    choice.value = recording.choice;
    // The address holds what is played: the name of a shipped recording, or a whole trace where it is short enough.
    address.set({ replay: answer.shipped, [address.HASH]: answer.link && `trace=${answer.link}` }, "replay");
    part("question").textContent = answer.question;
    part("facts").textContent = facts(answer);
    position.max = answer.ms;
    player.load(setStage(Object.keys(answer.runs)), answer.frames);
    root.dataset.state = "ready";
    showPace();
    if (still.matches) player.seek(player.end);
    else player.play();
  }

  function facts(answer) {
    const sampling = answer.temperature ? `temperature ${answer.temperature}` : "greedy";
    const runs = Object.values(answer.runs).join(" | ");
    const whose = answer.gold_is_given ? "true answer, as it was given then" : "true answer";
    const truth = answer.gold === null ? "" : `, ${whose}: ${answer.gold}`;
    return `Recorded: ${answer.model} on ${answer.device}, ${sampling}, runs: ${runs}${truth}`;
  }

  // A new stage for each recording: as many panes as it has runs.
  function setStage(runs) {
    stage.replaceChildren(root.querySelector("template").content.cloneNode(true));
    for (const pane of stage.querySelectorAll("[data-run]")) if (!runs.includes(pane.dataset.run)) pane.remove();
    return new Comparison(stage);
  }

  function showPosition() {
    const seconds = `${duration(player.position)} of ${duration(player.end)}`;
    position.value = player.position;
    position.style.setProperty("--filled", `${player.end ? (100 * player.position) / player.end : 0}%`);
    position.setAttribute("aria-valuetext", `${seconds}, ${player.tokens} tokens of the longest run`);
    part("time").textContent = recording ? seconds : "";
    playButton.querySelector(".symbol").textContent = player.playing ? "\u275A\u275A" : "\u25B6";
    playButton.querySelector(".word").textContent = player.playing ? "Pause" : player.atEnd && recording ? "Play again" : "Play";
    playButton.disabled = !player.frames.length;
    root.dataset.playing = player.playing;
    const announced = player.frames.length && player.atEnd ? stage.querySelector(".fork svg").getAttribute("aria-label") : "";
    if (!player.playing && part("announcement").textContent !== announced) part("announcement").textContent = announced;
  }

  // What the speed means, in words: s1-mini writes faster than anyone reads.
  function showPace() {
    if (!recording) return;
    const rate = recording.rate === null ? "" : ` (${recording.rate.toLocaleString("en")} tokens/s)`;
    const own = `the model itself took ${duration(recording.ms)}${rate}`;
    const words = {
      reading: `Reading speed: ${player.readingSpeed} tokens a second, so that you can follow; ${own}.`,
      1: `Real timing: as fast as it was written on this ${recording.device}; ${own}.`,
    }[player.speed] ?? `${player.speed} times as fast as it was written; ${own}.`;
    const uneven = recording.exact ? "" : " Text is spread evenly over the tokens, since this model's tokenizer is not here; all counts are exact.";
    part("pace").textContent = words + uneven;
  }

  const duration = (ms) => (ms < 60000 ? `${(ms / 1000).toFixed(2)} s` : `${Math.floor(ms / 60000)} min ${Math.floor(ms / 1000) % 60} s`);

  function tell(text, kind = "problem") {
    part("problem").textContent = text;
    part("problem").dataset.kind = kind;
  }

  async function copyLink() {
    if (!recording) return;
    if (!recording.shipped && !recording.link) {
      const size = (recording.link_characters / 1000).toFixed(0), most = maxLinkCharacters / 1000;
      return tell(`Packed, this recording takes ${size} kB; a link holds at most ${most}. Pass on the file instead.`, "note");
    }
    const copied = await copyText(location.href);
    tell(copied ? "The link is copied." : "The address of this page is the link: copy it from the address bar.", "note");
  }

  async function openFile(opened) {
    if (!opened) return;
    if (opened.size > maxFileBytes) return tell(tooLarge);
    file = await opened.text();
    ask({ file, index: 0 });
  }

  function listFile(titles) {
    choice.querySelector("optgroup.own")?.remove();
    offer("own", file ? "Your file" : "From the link", titles.map((title, i) => [`file ${i}`, title]));
  }

  function offer(className, label, choices) {
    const options = choices.map(([value, title]) => new Option(shorten(title, 90), value));
    choice.append(Object.assign(make("optgroup", className, ...options), { label }));
  }

  function onChoice() {
    const [, index] = choice.value.match(/^file (\d+)$/) ?? [];
    if (index === undefined) return ask({ shipped: choice.value });
    ask(file ? { file, index: Number(index) } : { link: linkInAddress(), index: Number(index) });
  }

  const linkInAddress = () => (address.state("replay")[address.HASH]?.match(/^trace=(.+)$/) ?? [])[1] ?? "";

  function follow() {
    const named = address.state("replay").replay;
    if (linkInAddress() && !named) ask({ link: linkInAddress() });
    else if (named !== undefined && named !== recording?.shipped) ask({ shipped: named });
    else if (named === undefined && !recording && shipped.length) ask({ shipped: shipped[0][0] });
  }

  function onArrow(event) {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    player.pause();
    player.step(by);
  }

  function onDrag(event) {
    event.preventDefault();
    root.classList.toggle("dragged-over", event.type === "dragover");
    if (event.type === "drop") openFile(event.dataTransfer.files[0]);
  }

  if (shipped.length) offer("", "Recorded with this exhibit", shipped);
  root.querySelector("input[name=replay-speed][value=reading]").checked = true;
  playButton.addEventListener("click", () => (player.playing ? player.pause() : player.play()));
  position.addEventListener("input", () => {
    const asked = Number(position.value); // pausing sets it anew
    player.pause();
    player.seek(asked);
  });
  position.addEventListener("keydown", onArrow);
  choice.addEventListener("change", onChoice);
  part("link").addEventListener("click", copyLink);
  part("file").addEventListener("change", (event) => {
    openFile(event.target.files[0]);
    event.target.value = ""; // the same file may be opened again
  });
  root.querySelector(".replay-speeds").addEventListener("change", (event) => {
    player.setSpeed(event.target.value);
    showPace();
  });
  for (const type of ["dragover", "dragleave", "drop"]) root.addEventListener(type, onDrag);
  document.addEventListener("s1-go", follow);
  watch("value", () => receive(props.value));
  showPosition();
  follow();
}
