// Up to four designs, one of them in the form. A design is a Map from field to text.

import { LETTERS } from "./series.js";

export const MOST = LETTERS.length;

export class Board {
  /** @type {Map<string, string>[]} */
  designs = [new Map()];
  active = 0;
  sources = new Map();

  get current() {
    return this.designs[this.active];
  }

  /** Where a value of the literature was loaded and nothing changed since: what the paper measured. */
  get origins() {
    return this.designs.map((design) => this.sources.get(design) ?? null);
  }

  replace(designs) {
    this.designs = designs.length ? designs : [new Map()];
    this.active = 0;
    this.sources = new Map();
  }

  change(name, value) {
    if (value.trim() === "") this.current.delete(name);
    else this.current.set(name, value);
    this.sources.delete(this.current);
  }

  /** Put a whole design in the place of the one in the form. */
  load(design, source = null) {
    this.designs[this.active] = design;
    if (source) this.sources.set(design, source);
  }

  /** A copy of the one in the form, to change one thing of it. */
  copy() {
    if (this.designs.length === MOST) return;
    this.designs.push(new Map(this.current));
    this.active = this.designs.length - 1;
  }

  remove(place) {
    this.designs.splice(place, 1);
    if (this.active >= place && this.active > 0) this.active -= 1;
  }

  /** As the server takes them. */
  toRequest() {
    return this.designs.map((design) => Object.fromEntries(design));
  }
}
