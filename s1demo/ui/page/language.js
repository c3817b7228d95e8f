// The page's words in the browser's language, or in that of the address (?lang=de); languages/*.json hold them, English is the key.
// Gradio translates its own labels by the same files (translation.py). What is not among them stays as it is.
// Only ever for what the page itself says: never for what a visitor, a model or a data set wrote.

const LANGUAGE_TAG = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/;
const NUMBER = /\d[\d,.]*\d|\d/g;
const TRANSLATED_ATTRIBUTES = ["aria-label", "title", "placeholder", "data-empty"];

const languageAsked = new URLSearchParams(location.search).get("lang");
const dictionaryOf = (language) => window.gradio_config?.i18n_translations?.[language];

// The language of the page: the one asked for or else the browser's, where there is a file for it.
export const LANGUAGE = (() => {
  const tag = LANGUAGE_TAG.test(languageAsked) ? languageAsked : navigator.language;
  const language = tag.split("-")[0];
  return dictionaryOf(language) ? language : "en";
})();
const dictionary = dictionaryOf(LANGUAGE);

// Gradio goes by the browser alone. Should a later one hide its function, its labels stay in the browser's language.
async function setGradiosLanguage() {
  const core = performance.getEntriesByType("resource").find(({ name }) => /\/core-[\w-]+\.js$/.test(name));
  if (core) (await import(core.name)).changeLocale?.(LANGUAGE);
  const spoken = dictionaryOf(navigator.language.split("-")[0]) ?? {};
  const english = Object.fromEntries(Object.entries(spoken).reverse().map(([english, said]) => [said, english])); // of two, the first
  for (const tab of document.querySelectorAll("#tabs :is([role=tab], .overflow-dropdown button)")) { // Gradio does not translate those that were not opened yet
    const text = tab.textContent.trim();
    if (tab.childElementCount === 0) tab.textContent = t(english[text] ?? text);
  }
}

// A sentence of the page, in its language. Numbers in it are {0}, {1}, ... in the file; `parts` are what else stands in braces there.
export function t(english, parts = {}) {
  const key = english.replace(/\s+/g, " "), numbers = key.match(NUMBER) ?? [];
  let n = 0;
  const said = dictionary?.[key] ?? dictionary?.[key.replace(NUMBER, () => `{${n++}}`)] ?? english;
  return said.replace(/\{(\w+)\}/g, (braced, name) => parts[name] ?? (numbers[name] === undefined ? braced : localNumber(numbers[name])));
}

// A number as the page's language writes it: 1,280.5 is 1.280,5 in German. What is no single number (0,16,32) stays.
export const NUMBER_SIGNS = Object.fromEntries(new Intl.NumberFormat(LANGUAGE, { useGrouping: true }).formatToParts(12345.6).map(({ type, value }) => [type, value]));
export const localNumber = (text) => (/^(\d+|\d{1,3}(,\d{3})+)(\.\d+)?$/.test(text) ? text.replace(/[.,]/g, (sign) => NUMBER_SIGNS[sign === "," ? "group" : "decimal"]) : text);

// A text of parts, each a sentence of its own in the file.
export const tParts = (text, between) => text.split(between).map((part) => t(part)).join(between);

// A line of a hover or a note: a sentence, or what it is of, then a colon and a sentence or names.
export function phrase(line) {
  const whole = t(line);
  if (whole !== line) return whole;
  const [, before, after] = /^(.*?)(: .*)$/.exec(line) ?? ["", line, ""];
  const rest = after.slice(2), said = t(rest);
  return rest ? `${t(before)}: ${said === rest ? rest.replace(NUMBER, (number) => localNumber(number)) : said}` : line;
}

// Translate what a component of ours shows before anything else has been written into it.
export function translate(root) {
  if (!dictionary) return;
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) translateText(texts.currentNode);
  for (const name of TRANSLATED_ATTRIBUTES) {
    for (const node of root.querySelectorAll(`[${name}]`)) node.setAttribute(name, t(node.getAttribute(name).replace(/\s+/g, " ")));
  }
}

function translateText(node) {
  const [, before, english, after] = /^(\s*)(.*?)(\s*)$/s.exec(node.data);
  const said = english && t(english.replace(/\s+/g, " "));
  if (said && said !== english) node.data = before + said + after;
}

// Once Gradio has laid out its fields. The choices of a Radio are values as well, which Gradio does not translate: their labels are.
export function translatePage() {
  document.documentElement.lang = LANGUAGE;
  if (languageAsked) setGradiosLanguage();
  for (const choice of document.querySelectorAll("fieldset label > span")) translate(choice);
}
