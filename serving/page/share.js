// Designs as the part of a link behind `#`: it never leaves the browser unless its owner sends it.

import { LETTERS } from "./series.js";

/** `level=0.9&a.electrolyte=Li6PS5Cl&b.electrolyte=LLZTO` */
export function toFragment(designs, level, own = []) {
  const fragment = new URLSearchParams({ level });
  designs.forEach((design, place) => {
    for (const [name, value] of design) fragment.append(`${LETTERS[place].toLowerCase()}.${name}`, value);
  });
  if (own.length) fragment.set("own", JSON.stringify(own));
  return fragment.toString();
}

/** The designs, level and own measurements of a link. `known` are the fields there are; what the link holds besides is in `unknown`. */
export function fromFragment(fragment, known) {
  const designs = new Map();
  const unknown = [];
  /** @type {string | null} */
  let level = null;
  /** @type {Record<string, string>[]} */
  let own = [];
  for (const [key, value] of new URLSearchParams(fragment.replace(/^#/, ""))) {
    const [letter, name] = [key.slice(0, 1).toUpperCase(), key.slice(2)];
    if (key === "level") {
      level = value;
    } else if (key === "own" && rowsOf(value)) {
      own = rowsOf(value) ?? [];
    } else if (key[1] === "." && LETTERS.includes(letter) && known.has(name)) {
      if (!designs.has(letter)) designs.set(letter, new Map());
      if (value !== "") designs.get(letter).set(name, value);
    } else {
      unknown.push(key);
    }
  }
  return {
    designs: LETTERS.filter((letter) => designs.has(letter)).map((letter) => designs.get(letter)),
    level,
    own,
    unknown,
  };
}

/** Rows of texts, null where the link holds something else. */
function rowsOf(text) {
  try {
    const rows = JSON.parse(text);
    const plain = (row) => row && Object.values(row).every((cell) => typeof cell === "string");
    return Array.isArray(rows) && rows.every(plain) ? rows : null;
  } catch {
    return null;
  }
}
