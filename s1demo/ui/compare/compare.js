// The Compare tab around one comparison: one Wait more, its link, its file, and the keys.

import { t } from "../page/language.js";
import { Asking } from "../web/asking.js";
import { Comparison } from "../web/comparison.js";
import { byId, saveFile } from "../web/dom.js";
import { keepChoiceOfLetters } from "../web/keys.js";
import { copyLink, forgetAnswer, runWithWaits } from "./actions.js";

export function mount(component) {
  const { element, trigger } = component;
  const comparison = new Comparison(element);
  const oneMore = element.querySelector("#one-more");
  let extra = false;
  const asking = new Asking(component, "compare", {
    operations: { ...comparison.operations, rate: showRate },
    clear: () => comparison.clear(),
    show: () => comparison.show(),
    stop: (why) => comparison.stop(why),
    sentence: () => comparison.svg.getAttribute("aria-label"),
    begin,
    changed: (tab) => (oneMore.disabled = !mayAddWait(tab)),
    leave: closeMore,
    keys: { w: addWait, "?": () => byId("keys").togglePopover() },
  });

  function begin(tab) {
    closeMore();
    if (extra) tab.showProblem(t(oneMoreWords(tab.settings)), "note");
    extra = false;
    element.querySelector("#save-traces").disabled = false;
  }

  function closeMore() {
    byId("more-panel").classList.remove("open");
    byId("more").setAttribute("aria-expanded", false);
  }

  function mayAddWait(tab) {
    const finished = [...comparison.panes.values()].every((pane) => pane.finished);
    return finished && !tab.stream.running && !tab.isStale() && tab.settings !== null && Number(tab.settings.waits) < mostWaits();
  }

  const mostWaits = () => Number(document.querySelector("#num-waits input[type=number]").max);

  function addWait() {
    if (!mayAddWait(asking)) return;
    extra = true;
    runWithWaits(Number(asking.settings.waits) + 1);
  }

  const isOpen = () => element.getClientRects().length > 0;
  keepChoiceOfLetters(byId("single-keys"));
  oneMore.addEventListener("click", addWait);
  element.querySelector("#copy-link").addEventListener("click", (event) => copyLink(event.target));
  element.querySelector("#save-traces").addEventListener("click", () => trigger("save"));
  document.addEventListener("trace-file", ({ detail }) => detail && saveFile("s1-traces.json", "application/json", detail.text));
  document.addEventListener("input", (event) => event.target.closest("#question") && forgetAnswer());
  document.addEventListener("click", (event) => event.target.closest(".chip") && isOpen() && forgetAnswer(), { capture: true });
}

function showRate(rate) {
  const line = byId("measured-rate");
  if (line) line.textContent = t(`The last run on this page: ${rate.toLocaleString("en")} tokens/s.`);
}

// What a visitor may rely on when a run is repeated with one Wait more.
function oneMoreWords({ temperature }) {
  if (Number(temperature) === 0) return "One Wait more. Decoding is greedy, so everything before it is the same as in the last run.";
  return "One Wait more, with the same seed. At a temperature above 0 some engines still sample other tokens than in the last run.";
}
