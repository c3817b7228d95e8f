// Numbers as a table, and the questions behind a point. Everything is set as text: questions and labels are data-set rows.

import * as address from "../page/address.js";
import { LANGUAGE, t, tParts } from "../page/language.js";
import { CHECK, CROSS, make } from "../web/dom.js";

// A table whose first column, whose numbers they are, becomes a row of its own in front of each group.
export function numbersTable({ columns, rows, opens, text }, onOpen) {
  const table = make("table");
  table.append(make("caption", "sr-only", text));
  const head = table.createTHead().insertRow();
  for (const name of columns.slice(1)) head.append(Object.assign(make("th", "", t(name)), { scope: "col" }));
  if (opens.some(Boolean)) head.append(make("td"));
  let whose = null, body = null;
  rows.forEach((cells, n) => {
    if (cells[0] !== whose) {
      whose = cells[0];
      body = table.createTBody();
      const group = Object.assign(make("th", "whose", t(whose)), { scope: "rowgroup", colSpan: columns.length });
      body.insertRow().append(group);
    }
    const row = body.insertRow();
    cells.slice(1).forEach((cell, i) => {
      const long = ["source", "note"].includes(columns[i + 1]);
      const td = make("td", typeof cell === "number" ? "number" : long ? "long" : "", long ? "" : shownCell(cell));
      if (long) td.append(Object.assign(make("span", columns[i + 1], t(cell)), { title: cell }));
      row.append(td);
    });
    if (!opens[n]) return;
    const button = make("button", "", t("questions"));
    button.type = "button";
    button.setAttribute("aria-label", t("questions of {point}", { point: opens[n].slice(1).filter(Boolean).join(", ") }));
    button.addEventListener("click", () => onOpen(opens[n]));
    row.insertCell().append(button);
  });
  return table;
}

// A name, or names with commas between, in the page's language.
const tList = (text) => (t(text) === text ? tParts(text, ", ") : t(text));

const shownCell = (cell) => (cell === null ? "–" : typeof cell === "string" ? tList(cell) : typeof cell === "number" ? cell.toLocaleString(LANGUAGE, { maximumFractionDigits: 2 }) : cell);

const CHANGES = { mended: "mended: wrong before", spoilt: "spoilt: right before" };

// The panel beside the plot, there while a point is open; ask(wanted) fetches a page of questions, which comes back through show.
export class PointPanel {
  constructor(node, ask, close) {
    Object.assign(this, { node, ask, wanted: null });
    const part = (name) => node.querySelector(name);
    Object.assign(this, { title: part("h2"), line: part(".scaling-line"), notes: part(".scaling-notes"), filters: part(".scaling-filters"), list: part("ol"), more: part(".scaling-more") });
    this.more.addEventListener("click", () => this.ask({ ...this.wanted, offset: this.list.children.length }));
    part(".scaling-close").addEventListener("click", close);
    node.addEventListener("keydown", (event) => event.key === "Escape" && close());
  }

  open([run, label, domain = ""], step) {
    this.node.hidden = false;
    this.wanted = { run, label, domain, only: step ? "mended" : "", step };
    this.ask(this.wanted);
  }

  close() {
    this.node.hidden = true;
    this.wanted = null;
  }

  show(found) {
    if (!this.wanted) return; // closed meanwhile
    if (!found) {
      this.line.textContent = t("This point is not known here any more. Run its sweep again.");
      return;
    }
    this.node.dataset.open = found.label;
    this.wanted = { run: found.run, label: found.label, domain: found.domain, only: found.only, step: found.step };
    this.title.textContent = found.title;
    const { name, benchmark, right, of } = found;
    const line = t(`{name} on {benchmark}: ${right.toLocaleString("en")} of ${of.toLocaleString("en")} right.`, { name: t(name), benchmark });
    this.line.textContent = line + (found.against ? ` ${t("Mended and spoilt: against {point}.", { point: found.against })}` : "");
    this.notes.replaceChildren(...found.notes.map(([note, parts]) => make("p", "", t(note, parts))));
    pillGroup(this.filters, "scaling-only", found.filters.map(([key, n]) => ({ key, name: `${t(key)} ${n.toLocaleString(LANGUAGE)}`, on: key === found.only })), "radio", (key) => this.ask({ ...this.wanted, only: key }));
    if (!found.offset) {
      this.list.replaceChildren();
      this.list.scrollTop = 0;
    }
    for (const row of found.rows) this.list.append(this.question(row));
    const left = found.total - found.offset - found.rows.length;
    this.more.hidden = left <= 0;
    this.more.textContent = t(`more (${left.toLocaleString("en")} left)`);
  }

  question(row) {
    const item = make("li", row.right ? "right" : "wrong"), button = make("button");
    button.type = "button";
    button.append(make("span", "sign", row.right ? CHECK : CROSS), make("span", "asked", row.question));
    const about = make("span", "about", `${t(row.verdict)} \u00B7 ${t("true answer")} ${row.answer}${row.domain ? ` \u00B7 ${row.domain}` : ""}`);
    if (row.change) about.prepend(make("b", row.change, t(CHANGES[row.change])), " \u00B7 ");
    button.append(about);
    button.title = t("Watch this trace in Compare");
    button.addEventListener("click", () => address.go(row.go));
    item.append(button);
    return item;
  }
}

// Radio buttons or check boxes that look like pills: choices are {key, name, on}.
export function pillGroup(node, name, choices, type, onChange) {
  const focused = node.contains(document.activeElement) && document.activeElement.value;
  node.replaceChildren(
    ...choices.map(({ key, name: text, on, mark }) => {
      const label = make("label", "pill"), input = make("input");
      Object.assign(input, { type, name, value: key, checked: on });
      input.addEventListener("change", () => onChange(key, input.checked));
      label.append(input, make("span", "", text));
      if (mark) label.classList.add(mark);
      return label;
    }),
  );
  if (focused) [...node.querySelectorAll("input")].find((input) => input.value === focused)?.focus();
}
