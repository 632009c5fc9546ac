// Each target's prediction: a number, its interval, and whether such numbers have shown skill.

import { element, picture, svg } from "./dom.js";
import { Scale, shown, withUnit } from "./number.js";
import { seriesChip, seriesOf } from "./series.js";

const HEIGHT = 26;
const EDGE = 1.5;

/** A card per target; in it a row per design on one common scale. `rows` are `{letter, prediction, before, measured, known,
    energy, at}`, with their letters where there are `several`, and `whose` values a range without a model holds. */
export function targetCard(column, target, level, rows, several) {
  const predicted = rows.filter(({ prediction }) => prediction);
  const quiet = target.range_only || (target.skill && !target.skill.shown);
  const values = predicted.flatMap(({ prediction, measured }) =>
    [prediction.value, prediction.low, prediction.high, measured].filter(
      (value) => value !== undefined && value !== null,
    ),
  );
  const scale = predicted.length ? Scale.covering(values, target) : null;
  const remark = target.range_only ? rangeRemark : skillRemark;
  return element(
    "article",
    { class: quiet ? "card quiet" : "card", "data-target": column, "aria-label": target.label },
    element("h2", {}, target.label),
    predicted.length ? remark(target) : null,
    ...rows.map((row) => predictionRow(row, target, level, scale, several)),
    scale && axis(scale, target),
  );
}

/** The prediction of one design in words and as a bar. */
function predictionRow(row, target, level, scale, several) {
  const { letter, prediction, before, measured, known, energy, at, whose } = row;
  const chip = several ? seriesChip(letter) : null;
  const attributes = { class: "row", "data-design": letter };
  if (!prediction)
    return element(
      "div",
      attributes,
      chip,
      element("p", { class: "none" }, whose || "not predicted: no anode described"),
    );
  const { value, low, high, distance } = prediction;
  const far = distance !== null && target.far_above !== null && distance > target.far_above;
  const [least, most] = [shown(low, target.printed), shown(high, target.printed)];
  const interval = [
    `${Math.round(level * 100)} %: `,
    element("data", { class: "low", value: low }, least),
    " to ",
    element("data", { class: "high", value: high }, most),
  ];
  const first = measurements(measured, known, target);
  return element(
    "div",
    attributes,
    ...first.map(({ attributes, text }, place) => element("p", attributes, place ? null : chip, chip && " ", text)),
    element(
      "p",
      { class: "number" },
      first.length ? "predicted: " : chip,
      value === null
        ? element("span", { class: "no-point" }, "range of comparable papers")
        : element("data", { class: "value", value }, shown(value, target.printed)),
      element("span", { class: "unit" }, `${target.unit}${at}`),
      element("span", { class: "interval" }, ...interval),
    ),
    bar(prediction, measured, target, scale, seriesOf(letter)),
    before && (before.value !== value || before.low !== low)
      ? element("p", { class: "before" }, `without your measurements: ${inWords(before, target)}`)
      : null,
    energy ? element("p", { class: "whose" }, `activation energy ${energyText(energy)}`) : null,
    whose ? element("p", { class: "whose" }, whose) : null,
    far ? element("p", { class: "far" }, "far from every design the model has learned from") : null,
  );
}

/** What was measured of the very design, which stands before its prediction. */
function measurements(measured, known, target) {
  const own = { attributes: { class: "measured known" }, text: `measured: ${known}` };
  if (measured === undefined || measured === null) return known ? [own] : [];
  const value = withUnit(shown(measured, target.printed), target.unit);
  const text = `◆ measured by the paper, which the model has learned from: ${value}`;
  return [...(known.includes("your own") ? [own] : []), { attributes: { class: "measured" }, text }];
}

function energyText({ value, low, high, printed }) {
  const interval = `${value.toFixed(2)} eV (${low.toFixed(2)} to ${high.toFixed(2)})`;
  return printed ? `${interval}; printed by ${printed}` : interval;
}

function inWords({ value, low, high }, target) {
  const range = [low, high].map((end) => shown(end, target.printed)).join(" to ");
  return withUnit(value === null ? range : `${shown(value, target.printed)} (${range})`, target.unit);
}

function bar({ value, low, high }, measured, target, scale, series) {
  const [from, to, point] = [low, high, value ?? low].map((number) => percent(scale, number));
  const at = value === null ? "no point" : `at ${shown(value, target.printed)}`;
  const description = `${shown(low, target.printed)} to ${shown(high, target.printed)} ${target.unit}, ${at}`;
  const marks = [
    svg("line", { class: "track", x1: "0%", x2: "100%", y1: HEIGHT / 2, y2: HEIGHT / 2 }),
    svg("rect", {
      class: `range ${series}`,
      x: `${from}%`,
      width: `${Math.max(to - from, 0.4)}%`,
      y: 7,
      height: 12,
      rx: 2,
    }),
  ];
  if (value !== null) {
    marks.push(svg("line", { class: `here ${series}`, x1: `${point}%`, x2: `${point}%`, y1: 3, y2: 23 }));
  }
  if (measured !== undefined && measured !== null) {
    const mark = svg("svg", { x: `${percent(scale, measured)}%`, y: HEIGHT / 2, overflow: "visible" });
    mark.append(svg("path", { class: "found", d: "M0 -6 L6 0 L0 6 L-6 0 Z" }));
    marks.push(mark);
  }
  return picture("100%", HEIGHT, target.label, description, ...marks);
}

function axis(scale, target) {
  const ticks = scale.ticks(5).map((tick) => {
    const place = percent(scale, tick);
    const anchor = place < 3 ? "start" : place > 97 ? "end" : "middle";
    return svg("text", { class: "tick", x: `${place}%`, y: 11, "text-anchor": anchor }, scale.label(tick));
  });
  const unit = scale.logarithmic ? `${target.unit}, logarithmic` : target.unit;
  return element(
    "div",
    { class: "axis", "aria-hidden": "true" },
    svg("svg", { width: "100%", height: 14 }, ...ticks),
    element("span", {}, unit),
  );
}

const MEASURES = {
  "error over the dummy's": (range) => `its error is ${range} times that of the median of the tables`,
  concordance: (range) => `it puts two cells in the right order with a probability of ${range}; 0.5 is chance`,
};
/** In words what the server names; any other name is shown as it is. */

/** Whether predictions of papers never seen were any better than a plain guess. */
function skillRemark({ skill }) {
  if (!skill) return null;
  const range = `${skill.skill.toFixed(2)} (${skill.skill_low.toFixed(2)} to ${skill.skill_high.toFixed(2)})`;
  const measure = MEASURES[skill.skill_name]?.(range) ?? `${skill.skill_name} ${range}`;
  const papers = `on ${skill.papers} groups of papers it never saw, ${measure}`;
  if (skill.shown) return element("p", { class: "skill" }, element("strong", {}, "Skill shown"), `: ${papers}.`);
  return element(
    "p",
    { class: "skill no-skill" },
    element(
      "strong",
      {},
      skill.rests_on_one_paper ? "No skill shown yet: it rests on one paper" : "No skill shown yet",
    ),
    ": take this as the range such papers report, and rank nothing by it. ",
    element("small", {}, `(${papers[0].toUpperCase()}${papers.slice(1)}.)`),
  );
}

/** What the range of a quantity without a model is, and how many values of papers left out such ranges held. */
function rangeRemark({ skill }) {
  const coverage = skill
    ? ` Of the values of ${skill.papers} groups of papers left out, ${Math.round(100 * skill.coverage)} % lay inside theirs.`
    : "";
  return element(
    "p",
    { class: "skill no-skill" },
    element("strong", {}, "Range only"),
    `: no model predicts it; this is what comparable papers report.${coverage}`,
  );
}

function percent(scale, value) {
  return EDGE + scale.at(value) * (100 - 2 * EDGE);
}
