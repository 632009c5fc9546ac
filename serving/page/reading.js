// What a formula is read as, while one types.

import { ask } from "./api.js";
import { element } from "./dom.js";

const PAUSE = 250;

export class Reading {
  constructor(id) {
    this.box = element("p", { class: "reading", id, "aria-live": "polite" });
    this.text = "";
    this.timer = 0;
  }

  of(text) {
    if (text.trim() === this.text) return;
    this.text = text.trim();
    clearTimeout(this.timer);
    if (!this.text) this.box.replaceChildren();
    else this.timer = setTimeout(() => this.#read(this.text), PAUSE);
  }

  async #read(text) {
    let reading;
    try {
      reading = await ask(`formula?text=${encodeURIComponent(text)}`);
    } catch (error) {
      reading = { error: error.message };
    }
    if (text !== this.text) return;
    this.box.classList.toggle("unread", Boolean(reading.error));
    this.box.replaceChildren(...(reading.error ? [reading.error] : readAs(reading)));
  }
}

/** The words of a reading that went well. */
function readAs({ composition, parts, form }) {
  const shape = form ? ` (${form})` : "";
  if (composition) return ["read as ", formula(composition), shape];
  const named = (parts ?? []).flatMap((component, place) => [place ? " + " : "", ...partOf(component)]);
  return ["read as ", ...named, `${shape}; no single composition`];
}

function partOf({ text, role, composition, share_pct: share, basis }) {
  const remarks = [role, share !== undefined && `${share} % by ${basis}`].filter(Boolean).join(", ");
  return [composition ? formula(composition) : text, remarks ? ` (${remarks})` : ""];
}

/** Elements with their amounts, in lowest whole numbers where they are whole. */
function formula(composition) {
  const amounts = Object.values(composition);
  const areIntegers = amounts.every((amount) => Number.isInteger(amount) && amount > 0);
  const divisor = areIntegers ? amounts.reduce(commonDivisor) : 1;
  const signs = Object.entries(composition).flatMap(([name, amount]) => {
    const count = Number((amount / divisor).toFixed(3));
    return count === 1 ? [name] : [name, element("sub", {}, String(count))];
  });
  return element("span", { class: "formula" }, ...signs);
}

function commonDivisor(a, b) {
  return b ? commonDivisor(b, a % b) : a;
}
