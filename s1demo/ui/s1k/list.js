// The list of rows: as long as it likes, yet only what is in view is in the page. A list box: arrows choose, the choice is opened.

import { t } from "../page/language.js";
import { CHECK, CROSS, make, withAttributes } from "../web/dom.js";

export class RowList {
  // open(row): called when the visitor has chosen another row
  constructor(node, open) {
    Object.assign(this, { node, space: node.firstElementChild, open, rows: [], chosen: null, catalogue: null });
    node.addEventListener("scroll", () => this.draw(), { passive: true });
    node.addEventListener("keydown", (event) => this.onKey(event));
    node.addEventListener("click", (event) => {
      const item = event.target.closest("[role=option]");
      if (item) this.open(Number(item.dataset.row));
    });
    new ResizeObserver(() => this.draw()).observe(node);
  }

  // `rows` are numbers of rows of the catalogue, in order.
  fill(catalogue, rows) {
    Object.assign(this, { catalogue, rows, byRow: new Map(catalogue.rows.map((entry) => [entry[0], entry])) });
    this.node.scrollTop = 0;
    this.show(this.chosen);
  }

  show(row) {
    this.chosen = row;
    const place = this.rows.indexOf(row), height = this.height();
    if (place >= 0 && height) {
      const top = place * height, { scrollTop, clientHeight } = this.node;
      if (Math.abs(top - scrollTop) > 2 * clientHeight) this.node.scrollTop = top - clientHeight / 3;
      else if (top < scrollTop) this.node.scrollTop = top;
      else if (top + height > scrollTop + clientHeight) this.node.scrollTop = top + height - clientHeight;
    }
    this.draw();
  }

  height() {
    return parseFloat(getComputedStyle(this.node).getPropertyValue("--row-height"));
  }

  draw() {
    const { node, rows } = this, height = this.height();
    this.space.style.height = `${rows.length * height}px`;
    if (!node.clientHeight) return;
    const first = Math.max(0, Math.floor(node.scrollTop / height) - 4);
    const last = Math.min(rows.length, Math.ceil((node.scrollTop + node.clientHeight) / height) + 4);
    this.space.replaceChildren(...rows.slice(first, last).map((row, i) => this.item(row, first + i, height)));
    const chosen = this.space.querySelector("[aria-selected=true]");
    if (chosen) node.setAttribute("aria-activedescendant", chosen.id);
    else node.removeAttribute("aria-activedescendant");
  }

  item(row, place, height) {
    const [, title, source, , length, correct] = this.byRow.get(row);
    const facts = [row, this.catalogue.sources[source], lengthText(length, this.catalogue.unit)].map((fact) => make("span", "", fact));
    const verdict = verdictMark(correct === null ? "not graded" : correct ? "correct" : "incorrect");
    const item = make("div", "s1k-item", make("p", "s1k-title", title), make("p", "s1k-facts", ...facts, verdict));
    item.style.top = `${place * height}px`;
    return withAttributes(item, {
      role: "option", id: `s1k-row-${row}`, "data-row": row,
      "aria-selected": row === this.chosen, "aria-setsize": this.rows.length, "aria-posinset": place + 1,
    });
  }

  // The row so many places on; from a row that is not in the list, its beginning or end.
  neighbour(step) {
    const place = this.rows.indexOf(this.chosen);
    if (place < 0) return step > 0 ? this.rows[0] : this.rows.at(-1);
    return this.rows[place + step];
  }

  random() {
    const others = this.rows.filter((row) => row !== this.chosen);
    return others[Math.floor(Math.random() * others.length)];
  }

  onKey(event) {
    const page = Math.max(1, Math.floor(this.node.clientHeight / this.height()) - 1);
    const place = this.rows.indexOf(this.chosen);
    const to = { ArrowDown: place + 1, ArrowUp: place - 1, PageDown: place + page, PageUp: place - page, Home: 0, End: this.rows.length }[event.key];
    if (to === undefined || !this.rows.length || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.open(this.rows[Math.min(Math.max(to, 0), this.rows.length - 1)]);
  }
}

export const lengthText = (length, unit) => (length ? t(`${length.toLocaleString("en")} ${length === 1 ? unit.slice(0, -1) : unit}`) : t("no trace"));

export function verdictMark(verdict) {
  const mark = { correct: `${CHECK} `, incorrect: `${CROSS} ` }[verdict] ?? "";
  return make("span", `s1k-verdict ${{ correct: "right", incorrect: "wrong" }[verdict] ?? ""}`, mark + t(verdict));
}
