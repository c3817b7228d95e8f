// Projector mode: a class on the page, as its address says. theme.py and page.css hold what it changes.

const projectorIsOn = () => document.documentElement.classList.contains("s1-projector");

function setProjector(on) {
  document.documentElement.classList.toggle("s1-projector", on);
  byId("projector")?.setAttribute("aria-pressed", on);
  document.dispatchEvent(new Event("s1-projector")); // what measures itself does so again
}

setProjector(new URLSearchParams(location.search).get("projector") === "1");

s1.pageHeader = () => {
  setProjector(projectorIsOn());
  byId("projector").addEventListener("click", () => {
    setProjector(!projectorIsOn());
    s1.address.set({ projector: projectorIsOn() ? 1 : "" });
  });
  const choice = byId("language");
  choice.value = LANGUAGE;
  choice.addEventListener("change", () => {
    s1.address.set({ lang: choice.value });
    location.reload(); // Gradio has no other way
  });
};
