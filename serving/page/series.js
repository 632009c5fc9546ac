// The letters of the designs, and the look that goes with each.

import { element } from "./dom.js";

export const LETTERS = ["A", "B", "C", "D"];

/** Class of what is drawn for a design. */
export function seriesOf(letter) {
  return `series-${LETTERS.indexOf(letter) + 1}`;
}

/** The letter in the design's colour. */
export function seriesChip(letter) {
  return element("span", { class: `chip ${seriesOf(letter)}` }, letter);
}
