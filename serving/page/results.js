// The answers of the server for all designs, and the reasons for the one in the form.

import { designTable, differenceTable } from "./compare.js";
import { curveFigure } from "./curve.js";
import { element } from "./dom.js";
import { measuredOf } from "./examples.js";
import { targetCard } from "./intervals.js";
import { noticeList } from "./notices.js";
import { nearest } from "./precedents.js";
import { firstCycle, waterfall } from "./reasons.js";
import { LETTERS } from "./series.js";

const CONDUCTIVITY = "conductivity_s_per_cm";
const RETENTION = "retention_pct";
const LIFE = "cycle_life_80";
const AT_CYCLE = [RETENTION, "capacity_mah_per_g"];

/** Whose values the range of a quantity without a model holds, out of the text on all ranges of a design. */
function whoseRange(text, column) {
  const part = (text ?? "").split("; ").find((sentence) => sentence.startsWith(`${column}: `)) ?? "";
  return part.replace(`${column}: `, "").replace("no point, ", "");
}

export class Results {
  /** `explain(design)` promises the explanations of one, `compare(designs)` their differences; `focus(place, name)`
      leads to a field. */
  constructor(container, form, explain, compare, focus) {
    this.container = container;
    this.form = form;
    this.explain = explain;
    this.compare = compare;
    this.focus = focus;
    this.column = "";
  }

  clear() {
    this.container.replaceChildren();
  }

  show(answer, board) {
    const { targets, results, level } = answer;
    this.several = results.length > 1;
    const { designs, active } = board;
    const rows = results.map((result, place) => ({ letter: LETTERS[place], result, place }));
    const good = rows.filter(({ result }) => !result.error);
    const cards = Object.entries(targets).map(([column, target]) => {
      const predicted = good.map(({ letter, result, place }) => ({
        letter,
        prediction: result.predictions[column],
        before: result.before?.[column] ?? null,
        measured: measuredOf(board.origins[place], column, designs[place]),
        known: result.measured?.[column] ?? "",
        energy: column === CONDUCTIVITY ? (result.activation_energy_ev ?? null) : null,
        at: AT_CYCLE.includes(column) ? ` at cycle ${designs[place].get("cycle") ?? 100}` : "",
        whose: target.range_only ? whoseRange(result.range_of, column) : "",
      }));
      return targetCard(column, target, level, predicted, this.several);
    });
    const blocks = [
      ...rows.filter(({ result }) => result.error).map((row) => this.#refused(row)),
      good.length > 1 ? this.#differences(good, designs, targets) : null,
      element("div", { class: "cards" }, ...(good.length ? cards : [])),
      this.#curves(good, LETTERS[active], targets, level),
      element(
        "section",
        { class: this.several ? "designs-given" : "designs-given alone" },
        designTable(designs, this.form.fields),
      ),
      this.#notices(good, targets),
      results[active]?.error ? null : this.#reasons(results[active], designs[active], LETTERS[active], targets),
    ];
    this.container.replaceChildren(...blocks.filter(Boolean));
  }

  /** How the designs differ, before what each of them is. */
  #differences(good, designs, targets) {
    const box = element("div", { "aria-live": "polite" }, element("p", { class: "none" }, "Comparing …"));
    const letters = good.map(({ letter }) => letter);
    this.compare(good.map(({ place }) => designs[place])).then(
      (reply) => box.replaceChildren(differenceTable(reply, letters, targets)),
      (error) => box.replaceChildren(element("p", { class: "none" }, `No differences: ${error.message}`)),
    );
    return element("section", { class: "differ" }, element("h2", {}, "How they differ"), box);
  }

  #refused({ letter, result, place }) {
    const { fields, others } = result.mistakes;
    const items = [...fields].map(([name, messages]) =>
      element(
        "li",
        {},
        element(
          "button",
          { type: "button", class: "link", onclick: () => this.focus(place, name) },
          this.form.label(name),
        ),
        ` ${messages.join("; ")}`,
      ),
    );
    return element(
      "section",
      { class: "trouble", "data-design": letter },
      element("h2", {}, `Design ${letter} cannot be predicted yet`),
      element("ul", {}, ...items, ...others.map((message) => element("li", {}, message))),
    );
  }

  #curves(good, active, targets, level) {
    if (!targets[RETENTION]) return null;
    const drawn = good
      .filter(({ result }) => result.curve)
      .map(({ letter, result }) => ({ letter, curve: result.curve, life: result.predictions[LIFE] ?? null, level }));
    if (!drawn.length) return null;
    // a line without any band would look sure: where the design in the form has no curve, the first one's is drawn
    const banded = drawn.some(({ letter }) => letter === active) ? active : drawn[0].letter;
    const quiet = targets[RETENTION].skill && !targets[RETENTION].skill.shown;
    return element(
      "section",
      {},
      element("h2", {}, "Capacity retention over the cycles"),
      quiet
        ? element(
            "p",
            { class: "skill no-skill" },
            element("strong", {}, "No skill shown yet"),
            " for this curve: look at its band, not at its line.",
          )
        : null,
      curveFigure(drawn, banded, targets, quiet),
    );
  }

  #notices(good, targets) {
    const letters = new Map();
    for (const { letter, result } of good) {
      for (const notice of result.notices) letters.set(notice, [...(letters.get(notice) ?? []), letter]);
    }
    if (!letters.size) return null;
    return element(
      "section",
      { class: "to-know" },
      element("h2", {}, "Worth knowing"),
      noticeList(letters, this.several, this.form.fields, targets),
    );
  }

  /** Waterfall and nearest rows of the target that is asked about. */
  #reasons(result, design, letter, targets) {
    if (!result) return null;
    const columns = Object.keys(targets).filter((column) => result.predictions[column] && !targets[column].range_only);
    if (!columns.includes(this.column)) [this.column] = columns;
    const moved = element("div", { class: "moved-by", "aria-live": "polite" });
    const near = element("div");
    const explained = this.explain(design);
    const show = async () => {
      const column = this.column;
      near.replaceChildren(nearest(result.precedents[column], targets[column]));
      if (!moved.hasChildNodes())
        moved.replaceChildren(element("p", { class: "none" }, "Taking the prediction apart …"));
      try {
        const { explanations, first_cycle } = await explained;
        if (column !== this.column) return;
        moved.replaceChildren(waterfall(explanations[column], targets[column]));
        if (first_cycle?.target === column) moved.append(firstCycle(first_cycle));
      } catch (error) {
        moved.replaceChildren(element("p", { class: "none" }, `No reasons: ${error.message}`));
      }
    };
    const choice = columns.map((column) => {
      const choose = () => {
        this.column = column;
        show();
      };
      const input = element("input", {
        type: "radio",
        name: "reason",
        value: column,
        checked: column === this.column,
        onchange: choose,
      });
      return element("label", {}, input, ` ${targets[column].label}`);
    });
    show();
    return element(
      "section",
      { class: "why" },
      element("h2", {}, `Why, and from which papers${this.several ? `: design ${letter}` : ""}`),
      element(
        "fieldset",
        { class: "choice" },
        element("legend", { class: "unseen" }, "Prediction to look into"),
        ...choice,
      ),
      element("h3", {}, "What moved this prediction"),
      moved,
      element("h3", {}, "Nearest in the literature"),
      near,
    );
  }
}
