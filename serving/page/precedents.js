// The literature rows nearest to a design, with their papers.

import { element, scrolled, table } from "./dom.js";

/** Rows that are asked for, so that some are of the family, and those shown. */
export const MOST_REQUESTED = 10;
const MOST = 4;

/** A table of them for one target, those of the design's own family first. */
export function nearest(rows, target) {
  if (!rows?.length) return element("p", { class: "none" }, "No literature row to show for this target.");
  const kin = rows.filter((row) => row.same_family);
  const first = [...kin, ...rows.filter((row) => !row.same_family)].slice(0, MOST);
  const cells = first.map((row) => [
    [row.electrolyte, row.anode, row.counter_electrode].filter(Boolean).join(" | "),
    row.temperature_c === undefined || row.temperature_c === null ? "" : `${row.temperature_c} °C`,
    row.measured.replace(/^= /, ""),
    row.distance === undefined || row.distance === null ? "" : row.distance.toFixed(2),
    element("span", { class: "source" }, source(row)),
  ]);
  const heads = ["cell or electrolyte", "at", "measured", "distance", "paper"];
  const family = kin.length ? "; those of the electrolyte's family first" : "";
  const caption = `Nearest literature rows for ${target.label}${family}; distance in standard deviations`;
  return scrolled(caption, table(caption, heads, cells, { class: "nearest" }));
}

/** A paper's citation, as a link where its DOI is known. */
export function source({ doi, citation }) {
  if (!doi) return citation;
  const address = `https://doi.org/${doi.split("/").map(encodeURIComponent).join("/")}`;
  const link = element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, `doi:${doi}`);
  return element("span", {}, `${citation.replace(/\.?\s*https?:\S+$/, ".")} `, link);
}
