// Own measurements: kept in this browser, sent with a request to this server, and in a link only if asked.

import { readCsv } from "./csv.js";
import { element } from "./dom.js";

const KEY = "silion-own";
const VALUES = [
  ["conductivity_s_per_cm", "conductivity", "S/cm"],
  ["ice_pct", "ICE", "%"],
  ["retention_pct", "retention", "%"],
];

export class Own {
  /**
   * `design()` is the one in the form; `judge(rows)` promises nothing, or refuses with the words of the server;
   * `onChange()` is called when the measurements are others.
   */
  constructor(container, design, judge, onChange) {
    this.design = design;
    this.judge = judge;
    this.onChange = onChange;
    /** @type {Record<string, string>[]} */
    this.rows = stored();
    this.count = element("span", { class: "count" });
    this.list = element("ul", { class: "own" });
    this.status = element("p", { class: "status", role: "status" });
    this.shares = element("input", { type: "checkbox", id: "own-share" });
    this.shares.addEventListener("change", () => onChange());
    this.pasted = element("textarea", { id: "own-table", rows: 3, spellcheck: "false" });
    this.inputs = VALUES.map(([name, , unit]) =>
      element("input", {
        id: `own-${name}`,
        name,
        type: "text",
        inputmode: "decimal",
        "aria-label": `${name} (${unit})`,
      }),
    );
    container.replaceChildren(
      element("summary", {}, element("span", {}, "My measurements"), this.count),
      element("p", { class: "remark" }, "They move the answers. Kept in this browser; nobody else sees them."),
      element("p", {}, "Measured of the design in the form:"),
      ...VALUES.map(([name, label, unit], place) =>
        element(
          "div",
          { class: "field of-number" },
          element("label", { for: `own-${name}` }, label),
          element("div", { class: "control" }, this.inputs[place], element("span", { class: "unit" }, unit)),
        ),
      ),
      button("Keep for this design", () => this.keep(), "own-keep"),
      element("p", {}, element("label", { for: "own-table" }, "Or paste a table with a header, as from Excel:")),
      this.pasted,
      button("Take the table in", () => this.paste(), "own-paste"),
      this.status,
      this.list,
      element("p", {}, this.shares, " ", element("label", { for: "own-share" }, "put them into a copied link")),
      button("Forget all", () => this.#set([]), "own-forget"),
    );
    this.#show();
  }

  /** What a link holds of them. */
  get shared() {
    return this.shares.checked ? this.rows : [];
  }

  /** Use those of a link as long as the page is open; what the browser keeps stays. */
  borrow(rows) {
    this.rows = rows;
    this.#show();
  }

  async keep() {
    const values = this.inputs.filter(({ value }) => value.trim()).map(({ name, value }) => [name, value.trim()]);
    if (!values.length) return this.#say(["Type a measured value first."]);
    const design = Object.fromEntries(this.design());
    if (values.some(([name]) => name === "retention_pct")) design.cycle ??= "100";
    const isTaken = await this.#take([{ ...design, ...Object.fromEntries(values) }]);
    if (isTaken) for (const input of this.inputs) input.value = "";
    return isTaken;
  }

  async paste() {
    const text = this.pasted.value.trim();
    const separator = text.split("\n", 1)[0].includes("\t") ? "\t" : ",";
    const [heads, ...lines] = readCsv(text, separator);
    if (!lines.length) return this.#say(["Paste a header line and at least one row."]);
    const rows = lines.map((line) =>
      Object.fromEntries(
        heads.map((name, place) => [name.trim(), (line[place] ?? "").trim()]).filter(([, cell]) => cell),
      ),
    );
    const isTaken = await this.#take(rows);
    if (isTaken) this.pasted.value = "";
    return isTaken;
  }

  async #take(rows) {
    try {
      await this.judge(rows);
    } catch (error) {
      if (!error.messages) throw error;
      return this.#say(error.messages);
    }
    this.#set([...this.rows, ...rows]);
    return true;
  }

  #set(rows) {
    this.rows = rows;
    localStorage.setItem(KEY, JSON.stringify(rows));
    this.#say([]);
    this.#show();
    this.onChange();
  }

  #say(messages) {
    this.status.textContent = messages.join("; ");
    return false;
  }

  #show() {
    this.count.textContent = this.rows.length ? `${this.rows.length} kept` : "";
    this.list.replaceChildren(
      ...this.rows.map((row, place) => {
        const measurements = VALUES.filter(([name]) => row[name]).map(([name, label, unit]) => {
          const at = name === "retention_pct" && row.cycle ? ` at cycle ${row.cycle}` : "";
          return `${label} ${row[name]} ${unit}${at}`;
        });
        const forget = () => this.#set(this.rows.filter((_, index) => index !== place));
        const name = [row.sample_id, row.anode, row.electrolyte].filter(Boolean).join(" | ");
        return element("li", {}, `${name}: ${measurements.join(", ")} `, button("Forget", forget, null));
      }),
    );
  }
}

function button(label, onclick, id) {
  return element("button", { type: "button", id, onclick }, label);
}

/** @returns {Record<string, string>[]} */
function stored() {
  try {
    const rows = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(rows) ? rows : [];
  } catch {
    return []; // what another page of this address left there
  }
}
