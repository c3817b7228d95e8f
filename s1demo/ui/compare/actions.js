// What can be done with a comparison besides running it: one Wait more, its link, its file, and the keys.

const TYPING = "textarea, select, [contenteditable]:not([contenteditable=false]), input:not([type=range], [type=radio], [type=checkbox])";
const FEEDBACK_SECONDS = 2;
const KEYS_KEPT = "s1-single-keys";

// The state of the page when a run is asked for, which from now on is what its address reproduces.
s1.compareAsked = (names, values) => {
  const asked = Object.fromEntries(names.map((name, i) => [name, values[i]]));
  s1.address.set({ question: asked.question, answer: asked.answer, budget: asked.budget, waits: asked.waits, run: 1 }, "compare");
  return asked;
};

// A true answer belongs to the question it was given for. The field is cleared as a person would clear it.
s1.forgetAnswer = () => {
  const box = document.querySelector("#true-answer input, #true-answer textarea");
  if (!box.value) return;
  box.value = "";
  box.dispatchEvent(new Event("input", { bubbles: true }));
};

// The hidden component that receives the file (compare_tab.py). It is made here and never lies on the server's disk.
s1.traceFile = ({ props, watch }) => {
  watch("value", () => {
    if (!props.value) return;
    const link = make("a");
    link.href = URL.createObjectURL(new Blob([props.value.text], { type: "application/json" }));
    link.download = "s1-traces.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  });
};
async function copyLink(button) {
  const words = (await copyText(location.href)) ? t("copied") : t("copy it from the address bar");
  button.textContent = words;
  byId("announcement").textContent = t("Link: {words}", { words });
  setTimeout(() => (button.textContent = t("copy link")), 1000 * FEEDBACK_SECONDS);
}

// Set the slider to so many Waits and run once it has told Gradio.
function runWithWaits(waits) {
  const field = document.querySelector("#num-waits input[type=number]");
  field.value = waits;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  requestAnimationFrame(() => requestAnimationFrame(() => byId("run").click()));
}

function nextExample(tab) {
  const chips = [...tab.querySelectorAll(".chips .chip:not(.surprise)")];
  const current = tab.querySelector(".question-row textarea").value.trim();
  const at = chips.findIndex((chip) => chip.textContent.trim() === current);
  chips[(at + 1) % chips.length]?.click();
}

// Keys of a tab, while it is the one that is open: `keys` by name, "Control+Enter" also with the Mac's command key.
// Single letters do nothing while someone types, or where they were switched off.
function listenForKeys(element, keys) {
  function onKey(event) {
    if (!element.getClientRects().length || event.isComposing || event.altKey) return;
    const command = event.ctrlKey || event.metaKey;
    const act = keys[command ? `Control+${event.key}` : event.key];
    const isLetter = !command && event.key.length === 1;
    if (!act || (isLetter && (localStorage.getItem(KEYS_KEPT) === "off" || event.target.closest?.(TYPING)))) return;
    if (event.key !== "Escape") {
      event.preventDefault(); // and the question box must not run it once more
      event.stopPropagation();
    }
    if (!event.repeat) act();
  }
  document.addEventListener("keydown", onKey, { capture: true });
}
