// A hidden component whose values another component of its tab uses: each goes out as an event with this one's id as its name.

export function mount({ element, props, watch }) {
  const { id } = element.closest(".block"); // the one that Python gave it
  watch("value", () => document.dispatchEvent(new CustomEvent(id, { detail: props.value })));
}
