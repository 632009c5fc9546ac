// Retention over the cycles: a line per design, the band of one of them, and where 80 % is crossed.

import { element, picture, scrolled, svg, table } from "./dom.js";
import { compact, Scale, shown } from "./number.js";
import { seriesOf } from "./series.js";

const [LEFT, RIGHT, TOP, BOTTOM] = [46, 18, 12, 40];
const END_OF_LIFE = 80;
const DASHES = { A: "", B: "7 4", C: "2 4", D: "10 3 2 3" };

/** A figure of the curves. `drawn` are `{letter, curve, life}` and `banded` is the letter whose band is drawn. */
export function curveFigure(drawn, banded, targets, quiet) {
  const frame = element("div", { class: "frame" });
  const logarithmic = element("input", { type: "checkbox", id: "logarithmic" });
  const draw = () => {
    const width = Math.max(Math.floor(frame.clientWidth), 280);
    frame.replaceChildren(chart(drawn, banded, targets, width, logarithmic.checked));
  };
  logarithmic.addEventListener("change", draw);
  new ResizeObserver(([entry]) => {
    if (Math.floor(entry.contentRect.width) !== frame.drawnWidth) {
      frame.drawnWidth = Math.floor(entry.contentRect.width);
      draw();
    }
  }).observe(frame);
  return element(
    "figure",
    { class: quiet ? "curve quiet" : "curve" },
    frame,
    element(
      "figcaption",
      {},
      legend(drawn, banded),
      element("label", { class: "switch", for: "logarithmic" }, logarithmic, " logarithmic cycles"),
    ),
    numbers(drawn, targets),
  );
}

function chart(drawn, banded, { retention_pct: target }, width, logarithmic) {
  const height = Math.round(Math.min(Math.max(width * 0.45, 220), 340));
  const across = new Scale(1, Math.max(...drawn.map(({ curve }) => curve.cycle.at(-1))), logarithmic);
  const up = new Scale(target.low, target.high, false);
  const x = (cycle) => LEFT + across.at(cycle) * (width - LEFT - RIGHT);
  const y = (retention) => height - BOTTOM - up.at(retention) * (height - TOP - BOTTOM);
  const foot = height - BOTTOM;
  const marks = [];
  for (const tick of up.ticks(5)) {
    marks.push(svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(tick), y2: y(tick) }));
    marks.push(svg("text", { class: "tick", x: LEFT - 6, y: y(tick) + 4, "text-anchor": "end" }, up.label(tick)));
  }
  for (const tick of across.ticks(width < 420 ? 4 : 8)) {
    marks.push(svg("line", { class: "notch", x1: x(tick), x2: x(tick), y1: foot, y2: foot + 4 }));
    marks.push(svg("text", { class: "tick", x: x(tick), y: foot + 17, "text-anchor": "middle" }, across.label(tick)));
  }
  marks.push(
    svg("text", { class: "tick", x: (LEFT + width - RIGHT) / 2, y: height - 6, "text-anchor": "middle" }, "cycle"),
  );
  marks.push(
    svg(
      "text",
      {
        class: "tick",
        x: 12,
        y: (TOP + foot) / 2,
        "text-anchor": "middle",
        transform: `rotate(-90 12 ${(TOP + foot) / 2})`,
      },
      `${target.label}, %`,
    ),
  );
  marks.push(
    svg("line", { class: "end-of-life", x1: LEFT, x2: width - RIGHT, y1: y(END_OF_LIFE), y2: y(END_OF_LIFE) }),
  );
  for (const { letter, curve, life } of drawn) {
    const series = seriesOf(letter);
    if (letter === banded) {
      const upper = curve.cycle.map((cycle, place) => `${x(cycle)},${y(curve.high[place])}`);
      const lower = curve.cycle.map((cycle, place) => `${x(cycle)},${y(curve.low[place])}`).reverse();
      marks.push(svg("polygon", { class: `band ${series}`, points: [...upper, ...lower].join(" ") }));
    }
    if (curve.retention_pct[0] !== null) {
      const points = curve.cycle.map((cycle, place) => `${x(cycle)},${y(curve.retention_pct[place])}`).join(" ");
      marks.push(svg("polyline", { class: `line ${series}`, points, "stroke-dasharray": DASHES[letter] }));
    }
    if (hasPoint(life) && life.value <= curve.cycle.at(-1)) {
      marks.push(svg("circle", { class: `life ${series}`, cx: x(life.value), cy: y(END_OF_LIFE), r: 4.5 }));
    }
  }
  const description = drawn.map(({ letter, life }) => lifeText(letter, life)).join("; ");
  return picture(width, height, "capacity retention over the cycles", description, ...marks);
}

/** Whether a life is predicted as a number; without skill only its range is. */
function hasPoint(life) {
  return life !== null && life.value !== null;
}

function lifeText(letter, life) {
  return hasPoint(life) ? `design ${letter} crosses 80 % at cycle ${shown(life.value, ".0f")}` : `design ${letter}`;
}

function legend(drawn, banded) {
  const items = drawn.map(({ letter, life, level }) => {
    const series = seriesOf(letter);
    const line = svg("line", {
      class: `line ${series}`,
      x1: 0,
      x2: 26,
      y1: 6,
      y2: 6,
      "stroke-dasharray": DASHES[letter],
    });
    const sample = svg("svg", { width: 26, height: 12, "aria-hidden": "true" }, line);
    const band = letter === banded ? `, with its ${Math.round(level * 100)} % band` : "";
    const crossing = life
      ? ` · 80 % at cycle ${hasPoint(life) ? `${shown(life.value, ".0f")} ` : ""}(${shown(life.low, ".0f")} to ${shown(life.high, ".0f")})`
      : "";
    return element("li", {}, sample, ` ${letter}${band}${crossing}`);
  });
  return element("ul", { class: "legend" }, ...items);
}

function numbers(drawn, { retention_pct: target }) {
  const rows = drawn.flatMap(({ letter, curve }) =>
    curve.cycle.map((cycle, place) => [
      `${letter}, ${compact(cycle)}`,
      ...[curve.retention_pct, curve.low, curve.high].map((values) => values[place]?.toFixed(1) ?? "no point"),
    ]),
  );
  const heads = ["design, cycle", `${target.label}, %`, "low", "high"];
  return element(
    "details",
    { class: "numbers" },
    element("summary", {}, "The curve in numbers"),
    scrolled("The curve in numbers", table("Capacity retention over the cycles", heads, rows)),
  );
}
