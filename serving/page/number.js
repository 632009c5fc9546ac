// Numbers as people read them, and the scales they are drawn on.

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

/** A value in the target's format, such as `.1e` or `.0f`. */
export function shown(value, printed) {
  const [, digits, kind] = /^\.(\d+)([ef])$/.exec(printed) ?? [null, "3", "g"];
  if (kind === "e") return powered(...value.toExponential(Number(digits)).split("e"));
  if (kind === "f") return grouped(value, Number(digits));
  return compact(value);
}

/** Three digits, without a power where there is no need of one. */
export function compact(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return powered(...value.toExponential(2).split("e"));
  return String(Number(value.toPrecision(3)));
}

/** A value with its unit; per cent and degrees stand close. */
export function withUnit(text, unit) {
  return unit ? `${text}\u00a0${unit}` : text;
}

function grouped(value, digits = 3) {
  return value.toLocaleString("en", { maximumFractionDigits: digits }).replaceAll(",", "\u202f");
}

function powered(digits, power) {
  return `${digits}\u2009×\u200910${raised(Number(power))}`;
}

function raised(power) {
  return [...String(power)].map((digit) => RAISED[digit]).join("");
}

/** A scale from values to 0..1. `at` places a value, `ticks` are values worth a label. */
export class Scale {
  constructor(low, high, logarithmic) {
    this.logarithmic = logarithmic;
    this.low = this.#scaled(low);
    this.high = this.#scaled(high);
  }

  /** Covers all values: whole powers of ten, or the target's own ends. */
  static covering(values, target) {
    if (!target.log10) return new Scale(target.low, target.high, false);
    const powers = values.map(Math.log10);
    const low = Math.floor(Math.min(...powers));
    return new Scale(10 ** low, 10 ** Math.max(Math.ceil(Math.max(...powers)), low + 2), true);
  }

  at(value) {
    const place = (this.#scaled(value) - this.low) / (this.high - this.low);
    return Math.min(Math.max(place, 0), 1);
  }

  ticks(most) {
    const step = this.logarithmic ? Math.max(1, Math.ceil((this.high - this.low) / most)) : this.#roundStep(most);
    const ticks = [];
    for (let value = Math.ceil(this.low / step) * step; value <= this.high + 1e-9 * step; value += step) {
      ticks.push(this.logarithmic ? 10 ** value : Number(value.toPrecision(12)));
    }
    return ticks;
  }

  label(tick) {
    const power = Math.round(Math.log10(tick));
    return this.logarithmic && (power < 0 || power > 3) ? `10${raised(power)}` : grouped(tick);
  }

  #scaled(value) {
    return this.logarithmic ? Math.log10(value) : value;
  }

  #roundStep(most) {
    const rough = (this.high - this.low) / most;
    const power = 10 ** Math.floor(Math.log10(rough));
    return power * ([1, 2, 2.5, 5].find((digit) => digit * power >= rough) ?? 10);
  }
}
