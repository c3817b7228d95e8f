// The address of the page holds what it shows, so that a link shows it again: ?tab=…&question=…&budget=…
// Gradio's own parameters (__theme, view) are left alone. Values from an address are untrusted: they only ever fill in fields.

let openedAt = new URLSearchParams(location.search).get("tab"); // Gradio selects its first tab before the address is followed

s1.address = {
  state: () => Object.fromEntries(new URLSearchParams(location.search)),

  // Change parts of the address; an empty value takes its part away.
  set(changes) {
    const search = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === undefined || value === "") search.delete(name);
      else search.set(name, value);
    }
    const address = `${location.pathname}${search.size ? `?${search}` : ""}${location.hash}`;
    if (address !== `${location.pathname}${location.search}${location.hash}`) history.replaceState(history.state, "", address);
  },

  // Go to another view: its parts of the address are set, and the fields and the tab follow (address.py).
  go(changes) {
    s1.address.set(changes);
    document.dispatchEvent(new Event("s1-go"));
  },

  // What Gradio's fields become: the address's value of each name, or no change.
  fields: (names) => names.map((name) => s1.address.state()[name] ?? { __type__: "update" }),
  tab() {
    const selected = openedAt ?? s1.address.state().tab;
    openedAt = null;
    return selected ? { __type__: "update", selected } : { __type__: "update" };
  },
};

s1.addressBridge = ({ trigger }) => document.addEventListener("s1-go", () => trigger("go"));
