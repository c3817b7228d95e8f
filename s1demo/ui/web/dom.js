// What every part of the page needs to build nodes. Text is only ever set as text.

export const SCISSORS = "\u2702\uFE0E", ROUND_ARROW = "\u21BB\uFE0E", CHECK = "\u2713", CROSS = "\u2717";
export const byId = (id) => document.getElementById(id);

export function make(name, className, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

export function svgNode(parent, name, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

// Whether the text reached the clipboard.
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { // not offered on plain http, such as a classroom's own network
    const box = make("textarea");
    box.value = text;
    document.body.append(box);
    box.select();
    const copied = document.execCommand("copy");
    box.remove();
    return copied;
  }
}

// Give the visitor a file to save.
export function saveFile(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  followLink(name, url);
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

export function followLink(name, href) {
  const link = make("a");
  Object.assign(link, { href, download: name });
  link.click();
}
