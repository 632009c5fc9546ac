// Literature cells to begin with, and what their papers measured.

import { element } from "./dom.js";
import { shown, withUnit } from "./number.js";
import { source } from "./precedents.js";

/** A button for each; `choose(design, example)` is called with the values as the form holds them. */
export function exampleList(examples, targets, choose) {
  return examples.map((example) => {
    const { design, measured } = example;
    const measurements = Object.entries(measured)
      .filter(([column]) => targets[column])
      .map(([column, value]) => {
        const at = column === "retention_pct" && measured.cycle ? ` after ${measured.cycle} cycles` : "";
        return `${targets[column].label} ${withUnit(shown(value, ".1f"), targets[column].unit)}${at}`;
      });
    const [first, ...more] = example.title.split(" | ");
    const button = element(
      "button",
      { type: "button", onclick: () => choose(asText(design), example) },
      element("strong", {}, first),
      element("span", {}, more.join(" | ")),
      element("span", { class: "found" }, measurements.join("; ")),
    );
    return element("li", {}, button, element("p", { class: "source" }, source(example)));
  });
}

/** What a paper measured of a target, if it was measured at what the design asks for. */
export function measuredOf(example, column, design) {
  if (!example || example.measured[column] === undefined) return null;
  const isSameCycle = column === "retention_pct" ? Number(design.get("cycle")) === example.measured.cycle : true;
  return isSameCycle ? example.measured[column] : null;
}

function asText(design) {
  const text = (value) => (value === true ? "yes" : value === false ? "no" : String(value));
  return new Map(Object.entries(design).map(([name, value]) => [name, text(value)]));
}
