// What narrows the list: a histogram of trace lengths whose bars filter, and a menu of values for each other facet.

import { LANGUAGE, t } from "../page/language.js";
import { make } from "../web/dom.js";

// Bars are buttons: a press adds or takes away one, a drag takes a range, arrow keys move between them.
export class LengthBars {
  // choose(values): called with the chosen buckets, by their least length
  constructor(node, choose) {
    Object.assign(this, { node, choose, values: [], from: null });
    node.addEventListener("click", (event) => this.onClick(event));
    node.addEventListener("keydown", (event) => this.onKey(event));
    node.addEventListener("pointerdown", (event) => (this.from = this.placeOf(event.target)));
    node.addEventListener("pointermove", (event) => event.buttons && this.from !== null && this.mark(this.placeAt(event)));
    document.addEventListener("pointerup", (event) => this.onRelease(event));
    document.addEventListener("pointercancel", () => this.mark((this.from = null)));
  }

  // values: lists of least length, count, chosen; totals: counts of the whole data set; unit: what lengths count.
  show(values, totals, unit) {
    if (this.values.map(([value]) => value).join() !== values.map(([value]) => value).join() || this.unit !== unit) this.build(values, unit);
    this.values = values;
    const most = Math.max(1, ...Object.values(totals));
    const any = values.some(([, , chosen]) => chosen);
    values.forEach(([value, count, chosen], i) => {
      const bar = this.node.children[i + 1];
      const range = lengthRange(Number(value), unit);
      bar.setAttribute("aria-pressed", chosen);
      bar.classList.toggle("out", any && !chosen);
      bar.setAttribute("aria-label", `${range}: ${t(`${count.toLocaleString("en")} ${count === 1 ? "row" : "rows"}`)}`);
      bar.title = `${range}: ${t(`${count.toLocaleString("en")} of ${(totals[value] ?? 0).toLocaleString("en")} rows`)}`;
      bar.querySelector("b").textContent = count.toLocaleString(LANGUAGE);
      bar.querySelector(".all").style.height = `${(100 * (totals[value] ?? 0)) / most}%`;
      bar.querySelector(".left").style.height = `${(100 * count) / most}%`;
    });
  }

  build(values, unit) {
    this.unit = unit;
    this.node.setAttribute("aria-label", t("trace length in {unit}", { unit: t(unit) }));
    this.node.replaceChildren(make("p", "s1k-lengths-name", t("trace length in {unit}", { unit: t(unit) })));
    values.forEach(([value], i) => {
      const bar = make("button", "s1k-bar");
      bar.type = "button";
      bar.tabIndex = i ? -1 : 0;
      const column = make("span", "column");
      column.append(make("i", "all"), make("i", "left"));
      bar.append(make("b"), column, make("small", "", shortLength(Number(value))));
      this.node.append(bar);
    });
  }

  bars = () => [...this.node.querySelectorAll(".s1k-bar")];
  placeOf(target) {
    const place = this.bars().indexOf(target.closest?.(".s1k-bar"));
    return place < 0 ? null : place;
  }
  placeAt = (event) => this.placeOf(document.elementFromPoint(event.clientX, event.clientY) ?? this.node);

  // Mark the bars from where the drag began to where it is.
  mark(to) {
    const within = (i) => this.from !== null && to !== null && i >= Math.min(this.from, to) && i <= Math.max(this.from, to);
    this.bars().forEach((bar, i) => bar.classList.toggle("dragged", within(i)));
  }

  onRelease(event) {
    if (this.from === null) return;
    const from = this.from, to = this.placeAt(event);
    this.from = null;
    this.mark(null);
    if (to === null || to === from) return; // no drag: the click that follows is a press
    this.choose(this.values.slice(Math.min(from, to), Math.max(from, to) + 1).map(([value]) => value));
  }

  onClick(event) {
    const place = this.placeOf(event.target);
    if (place === null) return;
    this.choose(this.values.filter(([, , chosen], i) => (i === place ? !chosen : chosen)).map(([value]) => value));
  }

  onKey(event) {
    const bars = this.bars(), place = this.placeOf(event.target);
    const to = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: bars.length - 1 }[event.key];
    if (place === null || !bars[to]) return;
    event.preventDefault();
    event.stopPropagation();
    bars.forEach((bar, i) => (bar.tabIndex = i === to ? 0 : -1));
    bars[to].focus();
  }
}

const shortLength = (length) => (length >= 1024 ? `${Math.round(length / 1024)}k` : String(length));
const lengthRange = (least, unit) => (least ? t(`${least.toLocaleString("en")} to ${(2 * least - 1).toLocaleString("en")} ${unit}`) : t("no trace"));

// One menu of boxes to tick, closed unless it is used.
export class FacetMenu {
  // choose(values): called with the ticked values
  constructor(name, choose) {
    Object.assign(this, { name, choose, values: [] });
    this.node = make("details", "s1k-facet");
    this.label = make("summary");
    this.list = make("div", "s1k-values");
    this.list.setAttribute("role", "group");
    this.list.setAttribute("aria-label", t(name));
    this.node.append(this.label, this.list);
    this.list.addEventListener("change", () => this.choose([...this.list.querySelectorAll(":checked")].map((box) => box.value)));
    this.node.addEventListener("keydown", (event) => event.key === "Escape" && this.close(event));
    document.addEventListener("pointerdown", (event) => this.node.contains(event.target) || (this.node.open = false));
  }

  close(event) {
    if (!this.node.open) return;
    event.stopPropagation();
    this.node.open = false;
    this.label.focus();
  }

  show(values) {
    if (this.values.map(([value]) => value).join("\n") !== values.map(([value]) => value).join("\n")) this.build(values);
    this.values = values;
    values.forEach(([, count, chosen], i) => {
      const line = this.list.children[i];
      line.querySelector("input").checked = chosen;
      line.querySelector("b").textContent = count.toLocaleString(LANGUAGE);
      line.classList.toggle("none", !count);
    });
    const chosen = values.filter(([, , ticked]) => ticked).map(([value]) => value);
    const which = chosen.length > 1 ? t(`${chosen.length} of ${values.length}`) : chosen.length ? this.shown(chosen[0]) : t("all");
    this.label.textContent = `${t(this.name)}: ${which}`;
    this.node.classList.toggle("active", chosen.length > 0);
  }

  // Verdicts are the page's words; sources and domains are the data set's.
  shown(value) {
    return this.name === "correctness" ? t(value) : value;
  }

  build(values) {
    this.list.replaceChildren(
      ...values.map(([value]) => {
        const line = make("label"), box = make("input");
        Object.assign(box, { type: "checkbox", value });
        line.append(box, make("span", "", this.shown(value)), make("b"));
        return line;
      }),
    );
  }
}

// A native menu: `choices` are lists of value and words.
export function choiceMenu(label, choices, choose) {
  const node = make("select", "s1k-menu");
  node.setAttribute("aria-label", label);
  node.append(...choices.map(([value, words]) => Object.assign(make("option", "", words), { value })));
  node.addEventListener("change", () => choose(node.value));
  return node;
}
