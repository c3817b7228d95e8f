// Formulas in text. renderFormulas(node) turns those in the text of `node` into KaTeX's, observeFormulas(node) does so when the node
// comes into view, restoreText(node) takes it back; splitFormulas(text) and paragraphs(text) are the rules. All else stays as it was.
//
// What is a formula: $$…$$, \[…\] and \begin{align}…\end{align} and its kin (displayed); \(…\) and $…$ (in line).
// A dollar is money, not a formula, where the text to the next dollar begins or ends in a space and holds nothing of LaTeX (\ ^ _ = { }),
// where it begins with a digit and holds a plain word ("$5 and x$"), where a digit follows the next dollar ("$5-$10"), or where there
// is a blank line before it. \$ is never a delimiter.
//
// Text is untrusted. KaTeX (vendor/, fetched when the first formula is to be shown) runs in a worker: a formula that takes longer than
// LIMITS.milliseconds ends the worker and stays text, as does whatever is too long, fails, or comes out as more than spans and MathML.
// What each text may come to is bounded by LIMITS, its place on the page by math.css.

import { make } from "./dom.js";

const KATEX = new URL("../vendor/katex-0.19.1/", import.meta.url);
const KATEX_OPTIONS = { trust: false, strict: "ignore", throwOnError: false, errorColor: "inherit", maxSize: 20, maxExpand: 200 };
const LIMITS = { milliseconds: 1000, loadMilliseconds: 20000, timeouts: 3, formula: 4000, text: 20000, html: 400000 };
const DISPLAYED = "align|alignat|equation|gather";
const DELIMITER = new RegExp(String.raw`\\\\|\\\$|\$\$|\$|\\\(|\\\[|\\begin\{((?:${DISPLAYED})\*?)\}`, "g");
const FORMULA = new RegExp(String.raw`\$|\\\(|\\\[|\\begin\{(?:${DISPLAYED})`);

// The formula that an opening delimiter begins, or null: {tex, display, length} with the length of its source.
function formulaAt(text, start, opening, environment) {
  const from = start + opening.length;
  const close = environment ? `\\end{${environment}}` : { "\\(": "\\)", "\\[": "\\]" }[opening] ?? opening;
  let end = text.indexOf(close, from);
  while (close[0] === "$" && end > 0 && text[end - 1] === "\\") end = text.indexOf(close, end + 1);
  if (end <= from || end - from > LIMITS.formula) return null;
  const inside = text.slice(from, end);
  if (!inside.trim() || (opening === "$" && isMoney(inside, text[end + 1]))) return null;
  const length = end + close.length - start;
  if (environment) return { tex: text.slice(start, start + length), display: true, length };
  return { tex: inside, display: opening === "$$" || opening === "\\[", length };
}

function isMoney(inside, next) {
  if (/\n\s*\n/.test(inside) || /\d/.test(next ?? "")) return true;
  if (/^\s|\s$/.test(inside) && !/[\\^_={}]/.test(inside)) return true;
  return /^\s*\d/.test(inside) && /(^|\s)[a-z]{2,}([\s.,;:!?]|$)/i.test(inside.replace(/\\[a-z]+|\{[^{}]*\}/gi, " . "));
}

// The text as a list of strings and formulas {tex, display, source}.
export function splitFormulas(text) {
  const parts = [];
  let done = 0;
  DELIMITER.lastIndex = 0;
  for (let found; (found = DELIMITER.exec(text)); ) {
    const [opening, environment] = found;
    if (opening === "\\\\" || opening === "\\$") continue;
    const formula = formulaAt(text, found.index, opening, environment);
    if (!formula) continue;
    if (found.index > done) parts.push(text.slice(done, found.index));
    done = found.index + formula.length;
    parts.push({ tex: formula.tex, display: formula.display, source: text.slice(found.index, done) });
    DELIMITER.lastIndex = done;
  }
  if (done < text.length) parts.push(text.slice(done));
  return parts;
}

// Whether a text ends inside a displayed formula, which may take several lines.
export function formulaIsOpen(text) {
  const count = (delimiter) => text.split(delimiter).length - 1;
  return text.length < LIMITS.formula && (count("$$") % 2 === 1 || count("\\[") > count("\\]") || count("\\begin{") > count("\\end{"));
}

// The text in paragraphs, each at most LIMITS.text characters long; a displayed formula stays whole though it holds a blank line.
export function paragraphs(text) {
  const whole = [];
  let open = "";
  for (const part of text.split(/\n(?:[ \t]*\n)+/)) {
    open = open ? `${open}\n\n${part}` : part;
    if (formulaIsOpen(open)) continue;
    whole.push(open);
    open = "";
  }
  if (open) whole.push(open);
  return whole.flatMap((part) => part.match(new RegExp(`[^]{1,${LIMITS.text}}`, "g")) ?? []);
}

// KaTeX in its worker: one formula at a time, so that the one that takes too long is known.
class Typesetter {
  constructor() {
    Object.assign(this, { last: null, worker: null, loaded: null, timeouts: 0 });
  }

  // The formula as HTML text, or null where it cannot be rendered.
  html(tex, display) {
    return (this.last = Promise.resolve(this.last).then(() => this.render(tex, display)));
  }

  async render(tex, display) {
    if (!(await this.ready())) return null;
    return new Promise((done) => {
      const late = setTimeout(() => done(this.end()), LIMITS.milliseconds);
      this.worker.onmessage = ({ data }) => {
        clearTimeout(late);
        done(data.html);
      };
      this.worker.postMessage({ tex, display });
    });
  }

  end() {
    this.worker.terminate();
    this.loaded = ++this.timeouts < LIMITS.timeouts ? null : Promise.resolve(false); // this text is hostile: no more of it
    return null;
  }

  ready() {
    return (this.loaded ??= Promise.all([this.startWorker(), loadStyle()]).then((both) => both.every(Boolean)));
  }

  startWorker() {
    const source = `importScripts(${JSON.stringify(katexUrl("katex.min.js"))});
      onmessage = ({ data: { tex, display } }) => {
        try {
          const html = katex.renderToString(tex, { ...${JSON.stringify(KATEX_OPTIONS)}, displayMode: display });
          postMessage({ html: html.length > ${LIMITS.html} ? null : html });
        } catch { postMessage({ html: null }); }
      };
      postMessage({ ready: true });`;
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    return new Promise((started) => {
      const late = setTimeout(() => started(false), LIMITS.loadMilliseconds);
      this.worker = new Worker(url);
      this.worker.onerror = () => started(false);
      this.worker.onmessage = () => {
        clearTimeout(late);
        URL.revokeObjectURL(url);
        started(true);
      };
    });
  }
}

const katexUrl = (name) => new URL(name, KATEX).href;

let katexStyle = null;
function loadStyle() {
  return (katexStyle ??= new Promise((loaded) => {
    const link = make("link");
    Object.assign(link, { rel: "stylesheet", href: katexUrl("katex.min.css"), onload: () => loaded(true), onerror: () => loaded(false) });
    document.head.append(link);
  }));
}

// KaTeX's text as a node; null where it is more than spans, drawn lines and MathML, which trust: false rules out, or a hundred lines high.
function nodeOf(html) {
  const node = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
  const drawn = ["http://www.w3.org/1998/Math/MathML", "http://www.w3.org/2000/svg"];
  const harmless = (part) =>
    (part.localName === "span" || (drawn.includes(part.namespaceURI) && part.localName !== "script")) &&
    [...part.attributes].every(({ name }) => !/^on|href$|^src|^id$|^name$/i.test(name));
  const small = (part) => !/(?<![\d.])\d{3,}(\.\d+)?em/.test(part.getAttribute("style") ?? ""); // maxSize does not bound negative lengths
  return node && [node, ...node.querySelectorAll("*")].every((part) => harmless(part) && small(part)) ? document.importNode(node, true) : null;
}

const typesetter = new Typesetter();

function textNodes(node) {
  const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT), found = [];
  while (walker.nextNode()) if (!walker.currentNode.parentElement.closest(".formula")) found.push(walker.currentNode);
  return found;
}

export async function renderFormulas(node) {
  node.normalize();
  const places = [];
  let budget = LIMITS.text;
  for (const text of textNodes(node)) {
    budget -= text.length;
    if (budget < 0) break;
    const parts = splitFormulas(text.data);
    if (!parts.some((part) => part.tex)) continue;
    text.replaceWith(...parts.map((part) => (part.tex ? placeFor(part, places) : part)));
  }
  if (places.length) node.dispatchEvent(new Event("s1-formulas", { bubbles: true })); // the text nodes are others now
  await Promise.all(places.map(fill));
}

function placeFor(part, places) {
  const place = make("span", `formula${part.display ? " display" : ""}`, part.source);
  place.dataset.source = part.source;
  places.push({ place, part });
  return place;
}

async function fill({ place, part }) {
  const html = await typesetter.html(part.tex, part.display);
  const formula = html && nodeOf(html);
  if (formula) place.replaceChildren(formula);
  else place.classList.add("source");
}

export function restoreText(node) {
  for (const place of node.querySelectorAll(".formula")) place.replaceWith(place.dataset.source);
  node.normalize();
}

const formulasInView = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      formulasInView.unobserve(target);
      renderFormulas(target);
    }
  },
  { rootMargin: "300px" },
);

// Copied text has each formula's own LaTeX, not the characters KaTeX draws it with.
document.addEventListener("copy", (event) => {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return;
  const range = selection.getRangeAt(0).cloneRange();
  const around = (place) => (place.nodeType === Node.ELEMENT_NODE ? place : place.parentElement)?.closest(".formula");
  if (around(range.startContainer)) range.setStartBefore(around(range.startContainer));
  if (around(range.endContainer)) range.setEndAfter(around(range.endContainer));
  const copy = range.cloneContents();
  if (!copy.querySelector(".formula")) return;
  restoreText(copy);
  for (const paragraph of copy.querySelectorAll("p")) paragraph.append("\n\n");
  event.clipboardData.setData("text/plain", copy.textContent.trimEnd());
  event.preventDefault();
});

export const hasFormula = (text) => FORMULA.test(text);
export const observeFormulas = (node) => hasFormula(node.textContent) && formulasInView.observe(node);
