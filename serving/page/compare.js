// The designs in one table: what was given for each, and where they differ.

import { element, list, scrolled, table } from "./dom.js";
import { withUnit } from "./number.js";
import { LETTERS } from "./series.js";

/** How each pair of designs differs, as if one laboratory made both. The first argument is the server's comparison. */
export function differenceTable({ pairs, notices, level }, letters, targets) {
  const judged = Object.keys(targets).filter((column) => pairs.some(({ differences }) => differences[column]));
  const rows = pairs.flatMap(({ a, b, differences }) =>
    judged
      .filter((column) => differences[column])
      .map((column) => {
        const { difference, low, high, a_above_b } = differences[column];
        const text = (value) => apart(value, targets[column]);
        return [
          `${letters[a - 1]} beside ${letters[b - 1]}`,
          targets[column].label,
          `${text(difference)} (${text(low)} to ${text(high)})`,
          `${Math.round(100 * a_above_b)} %`,
        ];
      }),
  );
  const caption = `The first minus the second (or divided by it), as if one laboratory made both; ${Math.round(100 * level)} % intervals`;
  const heads = ["designs", "target", "difference", "the first is higher"];
  return element(
    "div",
    {},
    rows.length ? scrolled(caption, table(caption, heads, rows, { class: "differences" })) : null,
    list(
      notices.map((notice) => labelled(notice, targets)),
      { class: "notices" },
    ),
  );
}

function labelled(notice, targets) {
  return notice.replace(/^\w+(?=:)/, (name) => targets[name]?.label ?? name);
}

/** A difference in decades as a factor, any other with its sign. */
function apart(value, { log10, error_unit }) {
  if (log10) return `× ${Number((10 ** value).toPrecision(2))}`;
  return `${value > 0 ? "+" : ""}${value.toFixed(1)} ${error_unit === "percentage points" ? "points" : error_unit}`;
}

export function designTable(designs, fields) {
  const columns = [...fields].filter(([name]) => designs.some((design) => design.has(name)));
  const rows = columns.map(([name, { facts }]) => {
    const cells = designs.map((design) => (design.has(name) ? withUnit(design.get(name), facts.unit) : "–"));
    return [facts.label, ...cells.map((cell) => (new Set(cells).size > 1 ? element("mark", {}, cell) : cell))];
  });
  const caption = designs.length > 1 ? "The designs; where they differ is marked" : "The design";
  const heads = ["field", ...designs.map((_, place) => LETTERS[place])];
  return scrolled(caption, table(caption, heads, rows, { class: "given" }));
}
