// What moved one prediction, from what the model says when it knows nothing to what it says now: a waterfall in a table.

import { element, scrolled, svg, table } from "./dom.js";
import { Scale, shown, withUnit } from "./number.js";

const HEIGHT = 16;

/** The waterfall of one target, or why there is none. */
export function waterfall(explanation, target) {
  if (!explanation) return element("p", { class: "none" }, "Not predicted, so nothing to explain: no anode described.");
  const { scale: kind, base, prediction, steps, rest } = explanation;
  const factor = kind === "factor";
  const move = (from, by) => (factor ? from * by : from + by);
  const terms = [...steps, { label: "all other features together", said: "", contribution: rest }];
  const stops = [base];
  for (const { contribution } of terms) stops.push(move(stops.at(-1), contribution));
  const scale = spanning(stops, factor);
  const rows = terms.map(({ label, said, contribution }, place) => {
    const rises = factor ? contribution >= 1 : contribution >= 0;
    const change = factor
      ? `×\u2009${contribution.toPrecision(3)}`
      : `${contribution < 0 ? "−" : "+"}${Math.abs(contribution).toPrecision(2)}`;
    return row(label, said, step(scale, stops[place], stops[place + 1], rises), change, rises ? "up" : "down");
  });
  const printed = (value) => withUnit(shown(value, target.printed), target.unit);
  const drawn = element(
    "table",
    { class: "waterfall" },
    element("caption", {}, `${target.label}: from knowing nothing of the design to this prediction`),
    element(
      "thead",
      { class: "unseen" },
      element("tr", {}, ...["feature", "value", "picture", "moves it by"].map(head)),
    ),
    element(
      "tbody",
      {},
      row("knowing nothing of the design", "", mark(scale, base), printed(base), "end"),
      ...rows,
      prediction === null
        ? row("this prediction", "no point: no skill on papers never seen", [], "", "end")
        : row("this prediction", "", mark(scale, prediction), printed(prediction), "end"),
    ),
  );
  const silent = target.skill && !target.skill.shown;
  const remark = [
    element("strong", {}, "No skill shown yet"),
    ": these are the model's reasons, and nature may have others.",
  ];
  return element("div", {}, silent ? element("p", { class: "skill no-skill" }, ...remark) : null, drawn);
}

/** Where the lithium of the first cycle goes: the terms of the balance, each with its interval or why it has none. */
export function firstCycle({ title, note, headings, terms }) {
  const cells = terms.map(({ label, text, source }) => [label, text, source]);
  return element(
    "details",
    {},
    element("summary", {}, title),
    element("p", {}, note),
    scrolled(title, table(title, headings, cells, { class: "first-cycle" })),
  );
}

function head(name) {
  return element("th", { scope: "col" }, name);
}

function row(label, value, drawn, change, kind) {
  return element(
    "tr",
    { class: kind },
    element("th", { scope: "row" }, label),
    element("td", { class: "said" }, value),
    element("td", { class: "drawn" }, svg("svg", { width: "100%", height: HEIGHT, "aria-hidden": "true" }, ...drawn)),
    element("td", { class: "moved" }, change),
  );
}

function step(scale, from, to, rises) {
  const [begin, end] = [scale.at(from), scale.at(to)].sort((a, b) => a - b).map((share) => 100 * share);
  return [
    svg("rect", {
      class: rises ? "rise" : "fall",
      x: `${begin}%`,
      width: `${Math.max(end - begin, 0.6)}%`,
      y: 3,
      height: 10,
      rx: 1,
    }),
  ];
}

function mark(scale, value) {
  const place = `${100 * scale.at(value)}%`;
  return [svg("line", { class: "stop", x1: place, x2: place, y1: 0, y2: HEIGHT })];
}

/** A little wider than all stops. */
function spanning(stops, logarithmic) {
  const [low, high] = [Math.min(...stops), Math.max(...stops)];
  if (logarithmic) {
    const margin = Math.max((high / low) ** 0.04, 1.02);
    return new Scale(low / margin, high * margin, true);
  }
  const margin = Math.max((high - low) * 0.04, 0.05);
  return new Scale(low - margin, high + margin, false);
}
