// A slider with real stops: `stops` is a list of numbers that may end in "auto". 
// The range holds the position of the stop, the number field the exact value; empty means "auto".

import { t } from "../page/language.js";

export function mount({ element, props, trigger, watch }) {
  const range = element.querySelector("input[type=range]");
  const number = element.querySelector("input[type=number]");
  const unit = element.querySelector(".unit");
  const stops = JSON.parse(range.dataset.stops);
  const hasAuto = stops.at(-1) === "auto";
  const numbers = stops.filter((stop) => stop !== "auto");

  function nearestStop(value) {
    if (value === "auto") return stops.length - 1;
    return numbers.reduce((best, stop, i) => (stop <= value ? i : best), 0);
  }

  function show(given) {
    const value = given === "auto" ? given : Number(given); // an address gives text
    const units = range.dataset.units.split("|");
    const word = value === "auto" ? "" : units[value === 1 ? 0 : 1];
    range.value = nearestStop(value);
    range.setAttribute("aria-valuetext", t(value === "auto" ? "auto: as long as the model likes" : `${value} ${word}`));
    range.style.setProperty("--filled", `${(100 * range.value) / (stops.length - 1)}%`);
    if (document.activeElement !== number) number.value = value === "auto" ? "" : value;
    number.style.width = `${Math.max(String(value).length, 1) + 0.6}ch`;
    unit.textContent = t(word);
  }

  function set(value) {
    props.value = value;
    show(value);
    trigger("input");
  }

  function typed() {
    if (number.value === "" && hasAuto) return set("auto");
    const steps = Math.round(1 / Number(number.step)), value = Math.round(Number(number.value) * steps) / steps;
    if (number.value !== "" && Number.isFinite(value)) set(Math.min(Math.max(value, 0), Number(number.max)));
  }

  range.addEventListener("input", () => set(stops[Number(range.value)]));
  number.addEventListener("input", typed);
  number.addEventListener("blur", () => show(props.value));
  watch("value", () => show(props.value));
  show(props.value);
}
