// A table of designs in, the same table ranked out.

import { answer, Refused } from "./api.js";
import { readCsv } from "./csv.js";
import { download, element, list } from "./dom.js";
import { sortedTable } from "./table.js";

const KINDS = {
  csv: ["text/csv", ","],
  tsv: ["text/tab-separated-values", "\t"],
  parquet: ["application/vnd.apache.parquet", null],
  xlsx: ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ","],
};

/** Draws the section and answers files put into it. `level()` is the interval's. */
export function uploadSection(container, { targets, limits }, level) {
  const file = element("input", {
    type: "file",
    id: "file",
    accept: Object.keys(KINDS)
      .map((ending) => `.${ending}`)
      .join(","),
  });
  const rank = element(
    "select",
    { id: "rank" },
    element("option", { value: "" }, "as in the file"),
    ...Object.entries(targets)
      .filter(([, { range_only }]) => !range_only)
      .map(([column, { label }]) => element("option", { value: column }, `highest ${label} first`)),
  );
  const send = element("button", { type: "submit", class: "chief" }, "Predict the table");
  const status = element("p", { class: "status", role: "status" });
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
    status.textContent = "Predicting …";
    try {
      status.textContent = await predicted(file.files[0], rank.value, level(), answers, { limits, targets });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      status.textContent = "Nothing predicted.";
      const messages = error.messages.map((message) => named(message, file.files[0] ?? { name: "" }));
      answers.replaceChildren(list(messages, { class: "trouble" }));
    } finally {
      send.disabled = false;
    }
  });
  container.replaceChildren(
    element("h2", { id: "upload-title" }, "A whole table"),
    element(
      "p",
      {},
      `CSV, TSV, Parquet or Excel (first sheet), a design a row with the columns of the form (only electrolyte is required), up to ${limits.designs} rows. `,
      "Columns of your own stay. A row that cannot be used comes back with its reason.",
    ),
    form,
    status,
    answers,
  );
}

/** The server never asks for a file's name, and calls every one `upload`. */
function named(text, file) {
  return text.replaceAll(/\bupload(?=(?:\.(?:csv|tsv|parquet|xlsx))?(?: line \d|:))(?:\.\w+)?/g, () => file.name);
}

/** Columns of a table with what names a design first, then its numbers, and the file's other columns behind. */
function numbersFirst(cells, targets) {
  const [heads, ...rows] = cells;
  const firstOwn = heads.findIndex((name) => name !== "rank");
  const numbers = Object.keys(targets).flatMap((column) => [column, `${column}_low`, `${column}_high`]);
  const first = ["rank", heads[firstOwn], "error", ...numbers].map((name) => heads.indexOf(name));
  const places = [...new Set([...first.filter((place) => place >= 0), ...heads.keys()])];
  return [heads, ...rows].map((row) => places.map((place) => row[place] ?? ""));
}

async function predicted(file, rank, level, answers, { limits, targets }) {
  if (!file) throw new Refused(0, ["Choose a file first."]);
  const ending = file.name.split(".").at(-1).toLowerCase();
  if (!KINDS[ending])
    throw new Refused(0, [`${file.name}: expected a file that ends in .csv, .tsv, .parquet or .xlsx`]);
  if (file.size > limits.body_bytes) {
    throw new Refused(0, [
      `${file.name}: got ${file.size} bytes, expected at most ${limits.body_bytes}; send it in pieces`,
    ]);
  }
  const [type, separator] = KINDS[ending];
  const query = new URLSearchParams({ level, ...(rank && { rank }) });
  const reply = await answer(`predict/file?${query}`, { body: file, type });
  const content = await reply.blob();
  const name = `${file.name.slice(0, -ending.length - 1)}_predicted.${ending === "xlsx" ? "csv" : ending}`;
  const keep = element("button", { type: "button", onclick: () => download(content, name) }, `Download ${name}`);
  answers.replaceChildren(keep);
  const order = reply.headers.get("X-Silion-Order");
  if (order) answers.append(element("p", { class: "skill no-skill" }, `What this order is worth: ${order}.`));
  if (separator) {
    const cells = readCsv(await content.text(), separator);
    const place = cells[0].indexOf("error");
    if (place >= 0) for (const row of cells.slice(1)) row[place] = named(row[place] ?? "", file);
    answers.append(sortedTable(numbersFirst(cells, targets)));
  }
  const [rows, rejected] = ["X-Silion-Rows", "X-Silion-Rejected"].map((name) => Number(reply.headers.get(name)));
  return `${file.name}: ${rows - rejected} of ${rows} rows predicted${rejected ? "; why not the others stands in the column error" : ""}.`;
}
