// The header of the page: projector mode, which is a class on the page (theme.py and page.css hold what it changes), and the language.

import { byId } from "../web/dom.js";
import * as address from "./address.js";
import { LANGUAGE, translatePage } from "./language.js";

const projectorIsOn = () => document.documentElement.classList.contains("s1-projector");

function setProjector(on) {
  document.documentElement.classList.toggle("s1-projector", on);
  byId("projector")?.setAttribute("aria-pressed", on);
  document.dispatchEvent(new Event("s1-projector")); // what measures itself does so again
}

setProjector(new URLSearchParams(location.search).get("projector") === "1");

export function mount() {
  setProjector(projectorIsOn());
  byId("projector").addEventListener("click", () => {
    setProjector(!projectorIsOn());
    address.set({ projector: projectorIsOn() ? 1 : "" });
  });
  const choice = byId("language");
  choice.value = LANGUAGE;
  choice.addEventListener("change", () => {
    address.set({ lang: choice.value });
    location.reload(); // Gradio has no other way
  });
  address.onFollowed(translatePage);
}
