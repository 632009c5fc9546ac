// The row of designs above the form: which one it shows, one more to compare, one less.

import { MOST } from "./board.js";
import { element } from "./dom.js";
import { LETTERS, seriesChip } from "./series.js";

/** Buttons for a board; `on` holds what `select(place)`, `copy()` and `remove()` do. */
export function designTabs({ designs, active }, on) {
  const tabs = designs.map((_, place) =>
    element(
      "button",
      { type: "button", class: "design", "aria-pressed": String(place === active), onclick: () => on.select(place) },
      seriesChip(LETTERS[place]),
      ` Design ${LETTERS[place]}`,
    ),
  );
  const more = element("button", { type: "button", id: "copy", onclick: on.copy }, "+ Compare");
  const less = element("button", { type: "button", id: "remove", onclick: on.remove }, `Remove ${LETTERS[active]}`);
  return [...tabs, ...(designs.length < MOST ? [more] : []), ...(designs.length > 1 ? [less] : [])];
}
