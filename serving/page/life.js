// A table of first cycles in; life, curve and band of each cell out.

import { ask, Refused } from "./api.js";
import { element, list, picture, scrolled, svg, table } from "./dom.js";
import { Scale, shown } from "./number.js";

const [LEFT, RIGHT, TOP, BOTTOM, WIDTH, HEIGHT] = [46, 18, 12, 40, 640, 300];
const PLACEHOLDER = "cell,cycle,capacity_ah,anode\nA,1,1.102,graphite + SiO\nA,2,1.100,graphite + SiO\n…";

/** Draws the section and answers tables put into it. `level()` is the interval's. */
export function lifeSection(container, level) {
  const text = element("textarea", { id: "cycles", rows: 6, cols: 60, spellcheck: "false", placeholder: PLACEHOLDER });
  const file = element("input", { type: "file", id: "cycles-file", accept: ".csv,.tsv,.txt" });
  const threshold = element("input", { type: "number", id: "threshold", min: 60, max: 97, step: "any", value: 80 });
  const send = element("button", { type: "submit", class: "chief" }, "Predict cycle life");
  const status = element("p", { class: "status", role: "status" });
  const answers = element("div", { class: "uploaded" });
  file.addEventListener("change", async () => {
    if (file.files[0]) text.value = await file.files[0].text();
  });
  const form = element(
    "form",
    { class: "upload-form", "aria-label": "First cycles of cells" },
    element("p", {}, element("label", { for: "cycles" }, "Table"), text),
    element("p", {}, element("label", { for: "cycles-file" }, "or a file"), file),
    element("p", {}, element("label", { for: "threshold" }, "End of life, % of the first capacity"), threshold),
    send,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    answers.replaceChildren();
    send.disabled = true;
    status.textContent = "Looking …";
    try {
      const request = { table: text.value, threshold_pct: Number(threshold.value), level: Number(level()) };
      const { results, mistakes } = await ask("life", request);
      status.textContent = `${results.length} cells predicted, ${mistakes.length} refused.`;
      answers.replaceChildren(...lives(results), mistakes.length ? list(mistakes, { class: "trouble" }) : "");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      status.textContent = "Nothing predicted.";
      answers.replaceChildren(list(error.messages, { class: "trouble" }));
    } finally {
      send.disabled = false;
    }
  });
  container.replaceChildren(
    element("h2", { id: "life-title" }, "Life from first cycles"),
    element(
      "p",
      {},
      "Ten cycles or more of each cell: cell, cycle and capacity_ah, capacity_mah or capacity_mah_per_g. Say anode, ",
      "cathode and electrolyte_state where known: solid-state cells get a range only.",
    ),
    form,
    status,
    answers,
  );
}

function lives(results) {
  const rows = results.map((result) => [
    result.cell,
    integer(result.cycles_given),
    result.cycle_life === null ? "a range" : integer(result.cycle_life),
    `${integer(result.cycle_life_low)} to ${integer(result.cycle_life_high)}`,
    `${result.threshold_pct} %`,
    result.rests_on,
    result.notices.join("; "),
  ]);
  const heads = ["cell", "cycles given", "cycle life", "interval", "threshold", "rests on", "notices"];
  const choice = element(
    "select",
    { id: "life-cell", "aria-label": "Cell to draw" },
    ...results.map(({ cell }, place) => element("option", { value: place }, cell)),
  );
  const frame = element("div", { class: "frame" });
  const draw = () => frame.replaceChildren(chart(results[Number(choice.value)]));
  choice.addEventListener("change", draw);
  draw();
  return [
    scrolled("Cycle lives", table("Cycle lives", heads, rows)),
    element("figure", { class: "curve" }, element("p", {}, choice), frame),
  ];
}

function chart({ cell, measured, curve, threshold_pct: limit, cycle_life_high: high }) {
  const last = curve ? Math.max(...curve.cycle) : measured.cycle.at(-1);
  const seen = [...measured.retention_pct, ...(curve ? curve.retention_pct_low : []), limit];
  const across = new Scale(0, Math.max(last, Math.min(high, 1.5 * last)), false);
  const up = new Scale(Math.min(...seen) - 2, Math.max(...seen) + 2, false);
  const x = (cycle) => LEFT + across.at(cycle) * (WIDTH - LEFT - RIGHT);
  const y = (retention) => HEIGHT - BOTTOM - up.at(retention) * (HEIGHT - TOP - BOTTOM);
  const foot = HEIGHT - BOTTOM;
  const marks = [];
  for (const tick of up.ticks(5)) {
    marks.push(svg("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick) }));
    marks.push(svg("text", { class: "tick", x: LEFT - 6, y: y(tick) + 4, "text-anchor": "end" }, up.label(tick)));
  }
  for (const tick of across.ticks(8)) {
    marks.push(svg("text", { class: "tick", x: x(tick), y: foot + 17, "text-anchor": "middle" }, across.label(tick)));
  }
  marks.push(svg("text", { class: "tick", x: WIDTH / 2, y: HEIGHT - 6, "text-anchor": "middle" }, "cycle"));
  marks.push(svg("line", { class: "end-of-life", x1: LEFT, x2: WIDTH - RIGHT, y1: y(limit), y2: y(limit) }));
  const path = (values) => curve.cycle.map((cycle, place) => `${x(cycle)},${y(values[place])}`);
  if (curve) {
    const band = [...path(curve.retention_pct_high), ...path(curve.retention_pct_low).reverse()].join(" ");
    marks.push(svg("polygon", { class: "band series-1", points: band }));
    if (curve.retention_pct.every((value) => value !== null)) {
      marks.push(svg("polyline", { class: "line series-1", points: path(curve.retention_pct).join(" ") }));
    }
  }
  measured.cycle.forEach((cycle, place) => {
    marks.push(svg("circle", { class: "life series-1", cx: x(cycle), cy: y(measured.retention_pct[place]), r: 2 }));
  });
  return picture(
    WIDTH,
    HEIGHT,
    `retention of ${cell}, %`,
    "measured points, the curve to its life and its band",
    ...marks,
  );
}

function integer(value) {
  return shown(value, ".0f");
}
