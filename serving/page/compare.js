// The designs in one table: what was given for each, and where they differ.

import { element, scrolled, table } from "./dom.js";
import { withUnit } from "./number.js";
import { LETTERS } from "./series.js";

export function designTable(designs, fields) {
  const given = [...fields].filter(([name]) => designs.some((design) => design.has(name)));
  const rows = given.map(([name, { facts }]) => {
    const cells = designs.map((design) => (design.has(name) ? withUnit(design.get(name), facts.unit) : "–"));
    return [facts.label, ...cells.map((each) => (new Set(cells).size > 1 ? element("mark", {}, each) : each))];
  });
  const caption = designs.length > 1 ? "The designs; where they differ is marked" : "The design";
  const heads = ["field", ...designs.map((_, place) => LETTERS[place])];
  return scrolled(caption, table(caption, heads, rows, { class: "given" }));
}
