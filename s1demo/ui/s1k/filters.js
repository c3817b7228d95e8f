// What narrows the list: a histogram of trace lengths whose bars filter, and a menu of values for each other facet.

import { LANGUAGE, t } from "../page/language.js";
import { button, make, withAttributes } from "../web/dom.js";

// Bars are buttons: a press adds or takes away one, a drag takes a range, arrow keys move between them.
export class LengthBars {
  // choose(values): called with the chosen buckets, by their least length
  constructor(node, choose) {
    Object.assign(this, { node, choose, values: [], from: null });
    node.addEventListener("keydown", (event) => this.onKey(event));
    node.addEventListener("pointerdown", (event) => (this.from = this.placeOf(event.target)));
    node.addEventListener("pointermove", (event) => event.buttons && this.from !== null && this.mark(this.placeAt(event)));
    document.addEventListener("pointerup", (event) => this.onRelease(event));
    document.addEventListener("pointercancel", () => this.mark((this.from = null)));
  }

  // values: lists of least length, count, chosen; totals: counts of the whole data set; unit: what lengths count.
  show(values, totals, unit) {
    const name = t("trace length in {unit}", { unit: t(unit) });
    if (!sameValues(this.values, values) || this.node.ariaLabel !== name) this.build(values, name);
    this.values = values;
    const most = Math.max(1, ...Object.values(totals));
    const any = values.some(([, , chosen]) => chosen);
    this.bars().forEach((bar, i) => {
      const [value, count, chosen] = values[i], total = totals[value] ?? 0, range = lengthRange(Number(value), unit);
      withAttributes(bar, {
        "aria-pressed": chosen,
        "aria-label": `${range}: ${t(`${count.toLocaleString("en")} ${count === 1 ? "row" : "rows"}`)}`,
        title: `${range}: ${t(`${count.toLocaleString("en")} of ${total.toLocaleString("en")} rows`)}`,
      });
      bar.classList.toggle("out", any && !chosen);
      bar.querySelector("b").textContent = count.toLocaleString(LANGUAGE);
      bar.querySelector(".all").style.height = `${(100 * total) / most}%`;
      bar.querySelector(".left").style.height = `${(100 * count) / most}%`;
    });
  }

  build(values, name) {
    this.node.ariaLabel = name;
    this.node.replaceChildren(make("p", "s1k-lengths-name", name), ...values.map(([value], i) => {
      const bar = button("", () => this.press(i), { class: "s1k-bar", tabindex: i ? -1 : 0 });
      bar.append(make("b"), make("span", "column", make("i", "all"), make("i", "left")), make("small", "", shortLength(Number(value))));
      return bar;
    }));
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

  press(place) {
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

const sameValues = (some, others) => JSON.stringify(some.map(([value]) => value)) === JSON.stringify(others.map(([value]) => value));
const shortLength = (length) => (length >= 1024 ? `${Math.round(length / 1024)}k` : String(length));
const lengthRange = (least, unit) => (least ? t(`${least.toLocaleString("en")} to ${(2 * least - 1).toLocaleString("en")} ${unit}`) : t("no trace"));

// One menu of boxes to tick, closed unless it is used.
export class FacetMenu {
  // choose(values): called with the ticked values
  constructor(name, choose) {
    Object.assign(this, { name, choose, values: [] });
    this.label = make("summary");
    this.list = withAttributes(make("div", "s1k-values"), { role: "group", "aria-label": t(name) });
    this.node = make("details", "s1k-facet", this.label, this.list);
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
    if (!sameValues(this.values, values)) this.list.replaceChildren(...values.map(([value]) => this.line(value)));
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

  line(value) {
    return make("label", "", Object.assign(make("input"), { type: "checkbox", value }), make("span", "", this.shown(value)), make("b"));
  }
}

// A native menu: `choices` are lists of value and words.
export function choiceMenu(label, choices, choose) {
  const node = withAttributes(make("select", "s1k-menu", ...choices.map(([value, words]) => new Option(words, value))), { "aria-label": label });
  node.addEventListener("change", () => choose(node.value));
  return node;
}
