// The address of the page holds what the open tab shows, so that a link shows it again: ?tab=…&question=…&budget=…
// Each tab has names of its own. Those of the tabs that are not open are remembered while the page is, and come back with their tab.
// Gradio's own parameters (__theme, view) are left alone. Values from an address are untrusted: they only ever fill in fields.

import { byId } from "../web/dom.js";

export const HASH = "#"; // under this name, what stands behind it
export const LANDING = "compare";
const OF_EVERY_TAB = ["tab", "lang", "projector", "view"]; // and what begins with two underscores
const BELONGS = { answer: "question" }; // a question brings its answer along, or none: never that of the one before

const ofEveryTab = {}, ofTabs = new Map(); // name -> value; tab -> the same of its own names
const page = document.documentElement.dataset; // `followed`: whether the fields and the tab show what the address says
const isOfEveryTab = ([name]) => OF_EVERY_TAB.includes(name) || name.startsWith("__");
const inAddress = () => [...new URLSearchParams(location.search), [HASH, location.hash.slice(1)]].filter(([, value]) => value !== "");
Object.assign(ofEveryTab, Object.fromEntries(inAddress().filter(isOfEveryTab)));
Object.assign(partsOf(openTab()), Object.fromEntries(inAddress().filter((part) => !isOfEveryTab(part))));
let toRun = partsOf(openTab()).run === "1" ? openTab() : null; // this tab is to run by itself once its fields have followed

export function openTab() {
  return ofEveryTab.tab ?? LANDING;
}

function partsOf(tab) {
  if (!ofTabs.has(tab)) ofTabs.set(tab, {});
  return ofTabs.get(tab);
}

// The browser's Back leads to what was open before a change of tab or a link; every other change stays with its entry.
function writeAddress(isNewPlace = false) {
  const { [HASH]: hash, ...own } = partsOf(openTab());
  const search = new URLSearchParams({ tab: openTab(), ...ofEveryTab, ...own });
  const address = `${location.pathname}${search.size ? `?${search}` : ""}${hash ? HASH + hash : ""}`;
  if (address !== `${location.pathname}${location.search}${location.hash}`) history[isNewPlace ? "pushState" : "replaceState"](history.state, "", address);
}

function change(changes, tab) {
  for (const [name, value] of Object.entries(changes)) {
    const parts = isOfEveryTab([name]) ? ofEveryTab : partsOf(tab);
    if (value === null || value === undefined || value === "") delete parts[name];
    else parts[name] = String(value);
  }
}

// Let the fields and the tab follow what has been changed; what belongs to a changed part and is not given is gone.
function goTo(changes, tab, isNewPlace) {
  const changed = { ...changes, tab };
  for (const [name, owner] of Object.entries(BELONGS)) if (owner in changes) changed[name] ??= "";
  change(changed, tab);
  writeAddress(isNewPlace);
  page.followed = false;
  document.dispatchEvent(new CustomEvent("s1-go", { detail: { ...changes, tab } }));
}

// Back and forward: the tab and its fields as they were; nothing runs again, results stay on the page.
window.addEventListener("popstate", () => {
  const { tab = LANDING, ...parts } = Object.fromEntries(inAddress());
  toRun = null;
  goTo(Object.fromEntries(Object.entries(parts).filter((part) => !isOfEveryTab(part))), tab, false);
});

// A tab's own parts of the address, whether it is open or not.
export const state = (tab) => ({ ...partsOf(tab) });

// Change parts of the address: of the page, such as the tab, or of one tab. An empty value takes its part away.
export function set(changes, tab) {
  const before = openTab();
  change(changes, tab);
  writeAddress(isFollowed() && openTab() !== before);
}

// Gradio has selected a tab. While the page still follows the address, that is news from before, and the address is ahead.
export function selected(tab) {
  if (isFollowed()) set({ tab });
}

// Go to another view: its parts of the address are set, and the fields and the tab follow (address.py).
// With `run: 1` among the changes, the view also runs by itself.
export function go(changes) {
  const tab = changes.tab ?? openTab();
  toRun = String(changes.run) === "1" ? tab : null;
  goTo(changes, tab, true);
}

// What Gradio's fields become, given as [tab, name]: the address's value, or no change.
export const fields = (names) => names.map(([tab, name]) => {
  const parts = partsOf(tab);
  return parts[name] ?? (BELONGS[name] in parts ? "" : { __type__: "update" });
});

// The tab that Gradio selects, among those there are; what came with the name of none is the landing tab's.
export function tab(tabs) {
  let selected = ofEveryTab.tab;
  if (selected && !tabs.includes(selected)) {
    Object.assign(partsOf(LANDING), partsOf(selected));
    if (toRun === selected) toRun = LANDING;
    set({ tab: (selected = LANDING) });
  }
  return selected ? { __type__: "update", selected } : { __type__: "update" };
}

// The fields and the tab have followed.
export function follow() {
  page.followed = true;
  document.dispatchEvent(new Event("s1-followed"));
}

const isFollowed = () => page.followed === "true";

// Call `act` each time the fields and the tab have followed; at once if they have already.
export function onFollowed(act) {
  document.addEventListener("s1-followed", act);
  if (isFollowed()) act();
}

// Let a tab run by itself where a link or `go` says so, once its fields hold what it says; once, whatever is opened afterwards.
export function runLinked(tab, button) {
  onFollowed(function press() {
    if (!isFollowed() || toRun !== tab) return;
    if (!byId(button)) return requestAnimationFrame(press); // a tab is laid out piece by piece when it is first opened
    toRun = null;
    byId(button).click();
  });
}

// The hidden component through which the fields are asked to follow (address.py).
export const mount = ({ trigger }) => document.addEventListener("s1-go", () => trigger("go"));
