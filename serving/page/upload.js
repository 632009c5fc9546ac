// A table of designs in, the same table ranked out.

import { answer, Refused } from "./api.js";
import { readCsv } from "./csv.js";
import { download, element } from "./dom.js";
import { sortedTable } from "./table.js";

const KINDS = {
  csv: ["text/csv", ","],
  tsv: ["text/tab-separated-values", "\t"],
  parquet: ["application/vnd.apache.parquet", null],
};

/** Draws the section and answers files put into it. `level()` is the interval's. */
export function uploadSection(container, { targets, limits }, level) {
  const file = element("input", {
    type: "file",
    id: "file",
    accept: Object.keys(KINDS)
      .map((each) => `.${each}`)
      .join(","),
  });
  const rank = element(
    "select",
    { id: "rank" },
    element("option", { value: "" }, "as in the file"),
    ...Object.entries(targets).map(([column, { label }]) =>
      element("option", { value: column }, `highest ${label} first`),
    ),
  );
  const send = element("button", { type: "submit", class: "chief" }, "Predict the table");
  const said = element("p", { class: "status", role: "status" });
  const answers = element("div", { class: "uploaded" });
  const form = element(
    "form",
    { class: "upload-form", "aria-label": "Table to predict" },
    element("p", {}, element("label", { for: "file" }, "Table"), file),
    element("p", {}, element("label", { for: "rank" }, "Order"), rank),
    send,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    answers.replaceChildren();
    send.disabled = true;
    said.textContent = "Predicting …";
    try {
      said.textContent = await predicted(file.files[0], rank.value, level(), answers, limits);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      said.textContent = "Nothing predicted.";
      answers.replaceChildren(mistakes(error.words));
    } finally {
      send.disabled = false;
    }
  });
  container.replaceChildren(
    element("h2", { id: "upload-title" }, "A whole table"),
    element(
      "p",
      {},
      `CSV, TSV or Parquet, a design a row with the columns of the form (only electrolyte is required), up to ${limits.designs} rows. `,
      "Columns of your own stay. A row that cannot be used comes back with its reason.",
    ),
    form,
    said,
    answers,
  );
}

async function predicted(file, rank, level, answers, limits) {
  if (!file) throw new Refused(0, ["Choose a file first."]);
  const ending = file.name.split(".").at(-1).toLowerCase();
  if (!KINDS[ending]) throw new Refused(0, [`${file.name}: expected a file that ends in .csv, .tsv or .parquet`]);
  if (file.size > limits.body_bytes) {
    throw new Refused(0, [
      `${file.name}: got ${file.size} bytes, expected at most ${limits.body_bytes}; send it in pieces`,
    ]);
  }
  const [type, separator] = KINDS[ending];
  const asked = new URLSearchParams({ level, ...(rank && { rank }) });
  const reply = await answer(`predict/file?${asked}`, { body: file, type });
  const content = await reply.blob();
  const name = `${file.name.slice(0, -ending.length - 1)}_predicted.${ending}`;
  const keep = element("button", { type: "button", onclick: () => download(content, name) }, `Download ${name}`);
  answers.replaceChildren(keep);
  if (separator) answers.append(sortedTable(readCsv(await content.text(), separator)));
  const [rows, rejected] = ["X-Silion-Rows", "X-Silion-Rejected"].map((each) => Number(reply.headers.get(each)));
  return `${file.name}: ${rows - rejected} of ${rows} rows predicted${rejected ? "; why not the others stands in the column error" : ""}.`;
}

function mistakes(words) {
  return element("ul", { class: "trouble" }, ...words.map((each) => element("li", {}, each)));
}
