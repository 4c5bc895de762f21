// Elements from data. Nothing is ever read as HTML.

/** An element with its attributes and children; an attribute that is undefined, null or false is left out. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
}

/** A sentence in which what stands between backticks is code. */
export function prose(text) {
  return text.split("`").map((part, i) => (i % 2 ? el("code", {}, part) : part));
}

/** A key as a person reads it. */
export const words = (key) => key.replaceAll("_", " ").replace(/\bsql\b/, "SQL");

/** The same, to begin with. */
export function title(key) {
  const said = words(key);
  return said.charAt(0).toUpperCase() + said.slice(1);
}

/** A message as a sentence. */
export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.?!…]$/.test(text) ? "" : ".");

let ids = 0;
export const id = () => `f${++ids}`;
