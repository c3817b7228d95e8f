// The s1K tab: what the visitor chose is in `state` and in the address; the server is asked for lists ("rows") and for one row ("row").

import * as address from "../page/address.js";
import { t } from "../page/language.js";
import { listenForKeys } from "../web/keys.js";
import { choiceMenu, FacetMenu, LengthBars } from "./filters.js";
import { RowList } from "./list.js";
import { RowReader } from "./row.js";

const ADDRESS = ["set", "search", "source", "domain", "correctness", "length", "teacher", "order", "row", "text"];
const FACETS = ["source", "domain", "correctness", "length"];
const NO_FACETS = Object.fromEntries(FACETS.map((name) => [name, ""]));
const ORDERS = [["index", "by number"], ["length", "shortest first"], ["-length", "longest first"], ["source", "by source"], ["domain", "by domain"], ["correctness", "incorrect first"], ["-correctness", "correct first"]];
const SILENCE_SECONDS = 20; // a request is answered within 5 s, if only to say that a data set is being loaded
const LOST = "The exhibit does not answer. Check the connection, then search again.";

export function mount({ element, props, trigger, watch }) {
  const part = (name) => element.querySelector(`.s1k-${name}`);
  const root = element.querySelector(".s1k"), search = part("search"), note = part("note");
  const list = new RowList(part("rows"), (row) => open(row));
  const lengths = new LengthBars(part("lengths"), (values) => choose("length", values));
  const menus = ["source", "domain", "correctness"].map((name) => new FacetMenu(name, (values) => choose(name, values)));
  const order = choiceMenu(t("order of the rows"), ORDERS.map(([value, words]) => [value, t(words)]), (value) => change({ order: value === "index" ? "" : value }));
  const teachers = choiceMenu(t("whose trace length and correctness are about"), [], (value) => change({ teacher: value }));
  const reader = new RowReader(part("row"), {
    previous: () => step(-1),
    next: () => step(+1),
    random: () => open(list.random()),
    list: () => showList(),
    raw: (raw) => setRaw(raw),
    link: () => location.href,
    ask: (row) => address.go({ tab: "compare", question: row.parts.find(([kind]) => kind === "question")?.[3] ?? "", answer: row.answer }),
  });
  const asked = { rows: 0, row: 0 }, retry = part("again");
  let state, catalogue = null, shownSet = "", shownRows = "", failure = "", failed = "", repeat = 0, silence = 0, typing = 0, rowDelay = 0;

  function readAddress() {
    const linked = address.state("s1k");
    state = Object.fromEntries(ADDRESS.map((name) => [name, linked[name] ?? ""]));
    search.value = state.search;
    reader.raw = state.text === "raw";
  }

  function writeAddress() {
    address.set(state, "s1k");
  }

  // The visitor wants another list; what is shown stays shown, and the data set stays what it is.
  function change(changes) {
    failure = "";
    Object.assign(state, { set: state.set || shownSet }, changes);
    writeAddress();
    askList();
  }
  const choose = (name, values) => change({ [name]: values.join("|") });

  function askList(again = false) {
    clearTimeout(repeat);
    clearTimeout(silence);
    silence = setTimeout(() => tell(t(LOST), "problem"), 1000 * SILENCE_SECONDS);
    const { set, search: text, teacher, order } = state; // as the address has them, facets with "|" between their values
    const chosen = Object.fromEntries(FACETS.filter((name) => state[name]).map((name) => [name, state[name].split("|")]));
    trigger("rows", { n: ++asked.rows, set, search: text, chosen, teacher, order, have: catalogue?.name ?? "", again });
  }

  function onList(answer) {
    if (!answer || answer.n !== asked.rows) return;
    clearTimeout(silence);
    if (answer.problem && state.set && state.set !== shownSet) return fallBack(answer.problem, state.set);
    const problem = answer.problem ?? failure, { notes = [], of } = answer;
    tell(problem || notes.map((note) => t(note.replaceAll(of, "{set}"), { set: of })).join(" "), problem ? "problem" : "note");
    if (answer.failed || failure) offerAgain(answer.failed ? "" : failed);
    if (answer.wait) repeat = setTimeout(() => askList(), answer.rows ? 1000 : 500);
    if (!answer.rows) return;
    const another = answer.set !== shownSet;
    shownSet = answer.set;
    catalogue = answer.catalogue ?? catalogue;
    showFilters(answer);
    const rows = `${catalogue.name} ${answer.rows}`;
    if (rows !== shownRows) list.fill(catalogue, answer.rows);
    shownRows = rows;
    reader.search = state.search;
    const wanted = state.row === "" ? null : state.row;
    if (another || !reader.row) askRow(wanted ?? answer.rows[0]);
    else {
      reader.place(answer.rows.indexOf(reader.row.row), answer.rows.length);
      reader.highlight();
    }
  }

  function showFilters({ facets, rows, teacher }) {
    for (const button of root.querySelectorAll("[data-set]")) button.setAttribute("aria-pressed", button.dataset.set === shownSet);
    part("about").textContent = t(catalogue.about);
    lengths.show(facets.length, catalogue.totals, catalogue.unit);
    for (const menu of menus) menu.show(facets[menu.name]);
    order.value = state.order || "index";
    teachers.hidden = catalogue.teachers.length < 2;
    teachers.replaceChildren(...catalogue.teachers.map(([value, name]) => new Option(`${t("trace")}: ${t(name)}`, value)));
    teachers.value = teacher;
    const all = catalogue.rows.length.toLocaleString("en"), narrowed = state.search || FACETS.some((name) => state[name]);
    const found = rows.length ? `${rows.length.toLocaleString("en")} of ${all} rows` : `No row of ${all} has all of this.`;
    part("found").firstElementChild.textContent = t(narrowed ? found : `${all} rows`);
    part("clear").hidden = !narrowed;
  }

  // A data set that cannot be had: say so, and show what was shown before, or the miniature's own rows.
  function fallBack(problem, set) {
    [failure, failed] = [problem, set];
    Object.assign(state, { set: shownSet, row: "" });
    writeAddress();
    askList();
  }

  // Try to get a data set again; of none by name, the one that is shown unasked.
  function offerAgain(set) {
    retry.hidden = false;
    retry.onclick = () => {
      retry.hidden = true;
      failure = "";
      if (set) Object.assign(state, { set, row: "" });
      askList(true);
    };
  }

  function open(row) {
    if (row === undefined || row === null) return;
    state.set ||= shownSet;
    state.row = String(row);
    writeAddress();
    root.dataset.open = "row";
    askRow(row);
  }

  function askRow(row) {
    if (row === undefined || row === null) return;
    list.show(Number(row));
    clearTimeout(rowDelay);
    const n = ++asked.row, set = shownSet;
    rowDelay = setTimeout(() => trigger("row", { n, set, row: String(row) }), 60); // a held arrow key asks for the last row only
  }

  function onRow({ detail: answer }) {
    if (!answer || answer.n !== asked.row) return;
    if (answer.problem) return tell(answer.problem, "problem");
    if (!failure && note.dataset.kind === "problem") tell("", "note");
    list.show(answer.row);
    reader.show(answer, list.rows.indexOf(answer.row), list.rows.length);
    if (state.row !== "") root.dataset.open = "row";
  }

  const step = (by) => open(list.neighbour(by));

  function showList() {
    root.dataset.open = "list";
    list.draw();
    list.node.focus({ preventScroll: true });
  }

  function setRaw(raw) {
    address.set({ text: (state.text = raw ? "raw" : "") }, "s1k");
    reader.setRaw(raw);
  }

  function tell(text, kind) {
    retry.hidden = true;
    note.textContent = text;
    note.dataset.kind = kind;
  }

  function onSearch() {
    clearTimeout(typing);
    typing = setTimeout(() => change({ search: search.value.trim() }), 200);
  }

  function onSet(event) {
    const { set } = event.target.closest("[data-set]").dataset;
    if (set !== (state.set || shownSet)) change({ set, row: "", teacher: "", ...NO_FACETS });
  }

  function onGo() {
    if (address.openTab() !== "s1k") return;
    failure = "";
    readAddress();
    askList();
    if (state.row !== "" && (!state.set || state.set === shownSet)) askRow(state.row);
  }

  part("facets").append(...menus.map((menu) => menu.node), order, teachers);
  part("clear").addEventListener("click", () => change({ search: (search.value = ""), ...NO_FACETS }));
  part("sets").addEventListener("click", (event) => event.target.closest("[data-set]") && onSet(event));
  search.addEventListener("input", onSearch);
  watch("value", () => onList(props.value));
  document.addEventListener("s1k-opened", onRow);
  document.addEventListener("s1-go", onGo);
  const keys = { j: () => step(+1), k: () => step(-1), r: () => open(list.random()), t: () => setRaw(!reader.raw), "/": () => search.focus() };
  listenForKeys(root, keys, true);
  readAddress();
  askList();
}
