// Keys of a tab.

const TYPING = "textarea, select, [contenteditable]:not([contenteditable=false]), input:not([type=range], [type=radio], [type=checkbox])";
const KEYS_KEPT = "s1-single-keys"; // in the browser: whether single letters do something

export function nextExample(tab) {
  const chips = [...tab.querySelectorAll(".chips .chip:not(.surprise)")];
  const current = tab.querySelector(".question-row textarea").value.trim();
  const at = chips.findIndex((chip) => chip.textContent.trim() === current);
  chips[(at + 1) % chips.length]?.click();
}

// Keys of a tab, while it is the one that is open: `keys` by name, "Control+Enter" also with the Mac's command key.
// Single letters do nothing while someone types, or where they were switched off. A key that is held acts once, or again and again.
export function listenForKeys(element, keys, repeating = false) {
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
    if (repeating || !event.repeat) act();
  }
  document.addEventListener("keydown", onKey, { capture: true });
}

// A check box that switches the single letters off and on, here and in later visits.
export function keepChoiceOfLetters(box) {
  box.checked = localStorage.getItem(KEYS_KEPT) !== "off";
  box.addEventListener("change", () => localStorage.setItem(KEYS_KEPT, box.checked ? "on" : "off"));
}
