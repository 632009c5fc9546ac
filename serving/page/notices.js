// The server's notices with the words of the form instead of the names of columns.

import { element } from "./dom.js";
import { withUnit } from "./number.js";
import { seriesChip } from "./series.js";

const OUTSIDE = /\b([a-z][a-z0-9_]*) (-?[\d.]+(?:e[-+]?\d+)?) \((\S+ to \S+)\)/g;
const NAME = /\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b/g;

/** A list of notices, each with the letters of its designs. `fields` and `targets` are facts by column. */
export function noticeList(notices, several, fields, targets) {
  const items = [...notices].map(([notice, letters]) => {
    const chips = several ? letters.map((letter) => seriesChip(letter)) : [];
    return element("li", {}, ...chips, chips.length ? " " : "", inWords(notice, fields, targets));
  });
  return element("ul", { class: "notices" }, ...items);
}

function oneOrRange(range) {
  const [low, high] = range.split(" to ");
  return low === high ? `only ${low}` : range;
}

/** A notice with labels and units instead of columns. */
function inWords(notice, fields, targets) {
  const facts = (name) => fields.get(name)?.facts ?? targets[name];
  const parts = new Map();
  for (const { part, label } of Object.values(targets)) parts.set(part, [...(parts.get(part) ?? []), label]);
  return notice
    .replace(/^([a-z]+): /, (text, name) => (parts.has(name) ? `${parts.get(name).join(" and ")}: ` : text))
    .replace(OUTSIDE, (text, name, value, range) =>
      facts(name) ? `${facts(name).label} ${withUnit(value, facts(name).unit)} (known: ${oneOrRange(range)})` : text,
    )
    .replace(NAME, (name) => facts(name)?.label ?? name);
}
