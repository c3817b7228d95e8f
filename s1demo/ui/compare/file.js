// The hidden component that receives the file of a comparison (tab.py). The file is made here and never lies on the server's disk.

import { saveFile } from "../web/dom.js";

export function mount({ props, watch }) {
  watch("value", () => props.value && saveFile("s1-traces.json", "application/json", props.value.text));
}
