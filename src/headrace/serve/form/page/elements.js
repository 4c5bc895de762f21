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
export function title(key) {
  const words = key.replaceAll("_", " ").replace(/\bsql\b/, "SQL");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

let ids = 0;
export const id = () => `f${++ids}`;
