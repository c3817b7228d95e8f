// What every part of the page needs to build nodes. Text is only ever set as text.

import { t } from "../page/language.js";

export const SCISSORS = "\u2702\uFE0E", ROUND_ARROW = "\u21BB\uFE0E", CHECK = "\u2713", CROSS = "\u2717";
export const byId = (id) => document.getElementById(id);

// An element; children are elements, texts and numbers; what is false, null, undefined or "" is left out.
export function make(name, className, ...children) {
  const node = document.createElement(name);
  if (className) node.className = className;
  node.append(...children.filter((child) => child || child === 0));
  return node;
}

export function withAttributes(node, attributes) {
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

export function button(words, press, attributes = {}) {
  const node = withAttributes(make("button", "", words), { type: "button", ...attributes });
  node.addEventListener("click", press);
  return node;
}

export function svgNode(parent, name, attributes, text = "") {
  const node = withAttributes(document.createElementNS("http://www.w3.org/2000/svg", name), attributes);
  node.textContent = text;
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

// Copy, and say on the button for a moment whether that worked; returns the words.
export async function copyFrom(button, text, refused) {
  const words = button.textContent, said = (await copyText(text)) ? t("copied") : refused;
  button.textContent = said;
  setTimeout(() => (button.textContent = words), 2000);
  return said;
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
