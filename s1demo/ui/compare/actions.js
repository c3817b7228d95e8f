// What can be done with a comparison besides running it: its link, and one Wait more.

import { t } from "../page/language.js";
import { byId, copyFrom } from "../web/dom.js";

// Fill in a field as a person would.
function fillIn(field, value) {
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

// A true answer belongs to the question it was given for.
export function forgetAnswer() {
  const box = document.querySelector("#true-answer input, #true-answer textarea");
  if (box?.value) fillIn(box, "");
}

export async function copyLink(button) {
  const words = await copyFrom(button, location.href, t("copy it from the address bar"));
  byId("announcement").textContent = t("Link: {words}", { words });
}

// Set the slider to so many Waits and run once Gradio has its value.
export function runWithWaits(waits) {
  fillIn(document.querySelector("#num-waits input[type=number]"), waits);
  requestAnimationFrame(() => requestAnimationFrame(() => byId("run").click()));
}
