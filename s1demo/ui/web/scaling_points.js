// Numbers as a table, and the questions behind a point. Everything is set as text: questions and labels are data-set rows.

// A table whose first column, whose numbers they are, becomes a row of its own in front of each group.
function numbersTable({ columns, rows, opens, text }, onOpen) {
  const table = make("table");
  table.append(make("caption", "sr-only", text));
  const head = table.createTHead().insertRow();
  for (const name of columns.slice(1)) head.append(Object.assign(make("th", "", name), { scope: "col" }));
  if (opens.some(Boolean)) head.append(make("td"));
  let whose = null, body = null;
  rows.forEach((cells, n) => {
    if (cells[0] !== whose) {
      whose = cells[0];
      body = table.createTBody();
      const group = Object.assign(make("th", "whose", whose), { scope: "rowgroup", colSpan: columns.length });
      body.insertRow().append(group);
    }
    const row = body.insertRow();
    for (const cell of cells.slice(1)) {
      const long = typeof cell === "string" && cell.length > 44;
      const td = make("td", typeof cell === "number" ? "number" : long ? "long" : "", shownCell(cell));
      if (long) td.title = cell;
      row.append(td);
    }
    if (!opens[n]) return;
    const button = make("button", "", "questions");
    button.type = "button";
    button.setAttribute("aria-label", `questions of ${opens[n].slice(1).filter(Boolean).join(", ")}`);
    button.addEventListener("click", () => onOpen(opens[n]));
    row.insertCell().append(button);
  });
  return table;
}

const shownCell = (cell) => (cell === null ? "–" : typeof cell === "number" ? cell.toLocaleString("en", { maximumFractionDigits: 2 }) : cell);

const CHANGES = { mended: "mended: wrong before", spoilt: "spoilt: right before" };

// The panel beside the plot; ask(wanted) fetches a page of questions, which comes back through show.
class PointPanel {
  constructor(node, ask) {
    Object.assign(this, { node, ask, wanted: null });
    const part = (name) => node.querySelector(name);
    Object.assign(this, { title: part("h2"), line: part(".scaling-line"), notes: part(".scaling-notes"), filters: part(".scaling-filters"), list: part("ol"), more: part(".scaling-more") });
    this.more.addEventListener("click", () => this.ask({ ...this.wanted, offset: this.list.children.length }));
  }

  open([run, label, domain = ""], step) {
    this.wanted = { run, label, domain, only: step ? "mended" : "", step };
    this.ask(this.wanted);
  }

  show(found) {
    if (!found) {
      this.line.textContent = "This point is not known here any more. Run its sweep again.";
      return;
    }
    this.node.dataset.open = found.label;
    this.wanted = { run: found.run, label: found.label, domain: found.domain, only: found.only, step: found.step };
    this.title.textContent = found.title;
    this.line.textContent = found.line + (found.against ? `. Mended and spoilt: against ${found.against}.` : ".");
    this.notes.replaceChildren(...found.notes.map((note) => make("p", "", note)));
    pillGroup(this.filters, "scaling-only", found.filters.map(([key, n]) => ({ key, name: `${key} ${n.toLocaleString("en")}`, on: key === found.only })), "radio", (key) => this.ask({ ...this.wanted, only: key }));
    if (!found.offset) {
      this.list.replaceChildren();
      this.list.scrollTop = 0;
    }
    for (const row of found.rows) this.list.append(this.question(row));
    const left = found.total - found.offset - found.rows.length;
    this.more.hidden = left <= 0;
    this.more.textContent = `more (${left.toLocaleString("en")} left)`;
  }

  question(row) {
    const item = make("li", row.right ? "right" : "wrong"), button = make("button");
    button.type = "button";
    button.append(make("span", "sign", row.right ? CHECK : CROSS), make("span", "asked", row.question));
    const about = make("span", "about", `${row.verdict} \u00B7 true answer ${row.answer}${row.domain ? ` \u00B7 ${row.domain}` : ""}`);
    if (row.change) about.prepend(make("b", row.change, CHANGES[row.change]), " \u00B7 ");
    button.append(about);
    button.title = "Watch this trace in Compare";
    button.addEventListener("click", () => s1.address.go(row.go));
    item.append(button);
    return item;
  }
}

// Radio buttons or check boxes that look like pills: choices are {key, name, on}.
function pillGroup(node, name, choices, type, onChange) {
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
