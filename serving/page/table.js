// A table that sorts by the column one asks for.

import { element, scrolled } from "./dom.js";

const MOST = 200;

/**
 * The first row holds the names of the columns.
 * @param {string[][]} cells
 */
export function sortedTable(cells) {
  const [heads, ...rows] = cells;
  const body = element("tbody");
  const remark = element("p", { class: "remark" });
  const columns = heads.map((name, place) => {
    const head = element("th", { scope: "col" }, element("button", { type: "button", class: "link" }, name));
    head.firstChild.addEventListener("click", () => {
      const falling = head.getAttribute("aria-sort") !== "descending";
      for (const column of columns) column.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      fill(sorted(rows, place, falling));
    });
    return head;
  });
  function fill(ordered) {
    body.replaceChildren(
      ...ordered
        .slice(0, MOST)
        .map((row) => element("tr", {}, ...heads.map((_, place) => element("td", {}, row[place] ?? "")))),
    );
  }
  fill(rows);
  if (rows.length > MOST) remark.textContent = `The first ${MOST} of ${rows.length} rows; the file has them all.`;
  const drawn = element("table", { class: "ranked" }, element("thead", {}, element("tr", {}, ...columns)), body);
  return element("div", {}, remark, scrolled("The predicted table", drawn));
}

/** Numbers by size where all are numbers, else as text; what is empty comes last either way. */
function sorted(rows, place, falling) {
  const filled = rows.filter((row) => (row[place] ?? "") !== "");
  const empty = rows.filter((row) => (row[place] ?? "") === "");
  const numeric = filled.every((row) => Number.isFinite(Number(row[place])));
  const order = numeric
    ? (a, b) => Number(a[place]) - Number(b[place])
    : (a, b) => a[place].localeCompare(b[place], "en");
  return [...filled.sort((a, b) => (falling ? order(b, a) : order(a, b))), ...empty];
}
