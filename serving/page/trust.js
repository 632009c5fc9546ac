// How far a conductivity can be trusted, by how much the model knows of the electrolyte.

import { ask, Refused } from "./api.js";
import { element, scrolled, table } from "./dom.js";

const KNOWN = {
  "composition known": "another paper measured the same composition",
  "family known": "the composition is new, others of its family are known",
  "family never seen": "the whole family is new",
};

/** Fills the box with what the model's card says of papers it never saw; a model that was not judged so leaves it empty. */
export async function showTrust(box) {
  try {
    const { regimes } = await ask("model");
    box.replaceChildren(...(regimes.conductivity?.length ? trust(regimes.conductivity) : []));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
}

function trust(scores) {
  const level = percent(scores[0].level);
  const heads = [
    "what the model knows",
    "off by, in the mean",
    `inside the ${level} interval`,
    "its width in decades",
    "papers",
  ];
  const rows = scores.map((score) => [
    KNOWN[score.regime] ?? score.regime,
    `a factor of ${(10 ** score.error).toFixed(score.error < 1 ? 1 : 0)}`,
    percent(score.coverage),
    score.width.toFixed(1),
    String(score.papers),
  ]);
  const caption = "Measured on papers that the model did not learn from. A decade is a factor of ten.";
  return [
    element("h2", { id: "trust-title" }, "How far a conductivity can be trusted"),
    scrolled("How far a conductivity can be trusted", table(caption, heads, rows, { class: "trust" })),
  ];
}

function percent(share) {
  return `${Math.round(100 * share)} %`;
}
