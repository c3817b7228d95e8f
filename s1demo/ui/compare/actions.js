// What can be done with a comparison besides running it: its link, and one Wait more.

import { t } from "../page/language.js";
import { byId, copyText } from "../web/dom.js";

const FEEDBACK_SECONDS = 2;

// A true answer belongs to the question it was given for. The field is cleared as a person would clear it.
export function forgetAnswer() {
  const box = document.querySelector("#true-answer input, #true-answer textarea");
  if (!box?.value) return;
  box.value = "";
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

export async function copyLink(button) {
  const words = (await copyText(location.href)) ? t("copied") : t("copy it from the address bar");
  button.textContent = words;
  byId("announcement").textContent = t("Link: {words}", { words });
  setTimeout(() => (button.textContent = t("copy link")), 1000 * FEEDBACK_SECONDS);
}

// Set the slider to so many Waits and run once Gradio has its value.
export function runWithWaits(waits) {
  const field = document.querySelector("#num-waits input[type=number]");
  field.value = waits;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  requestAnimationFrame(() => requestAnimationFrame(() => byId("run").click()));
}
