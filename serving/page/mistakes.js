// What the server says of a design, sorted to the field it is about.

const PLACE = /^line (\d+), column ([a-z0-9_]+): (.*)$/s;

/** Mistakes of one design: by field, and those of none. The place is left out where a mistake stands beside its field. */
export class Mistakes {
  constructor(messages, known) {
    this.fields = new Map();
    this.others = [];
    for (const message of messages) {
      const [, , name, reason] = PLACE.exec(message) ?? [];
      if (known.has(name)) this.fields.set(name, [...(this.fields.get(name) ?? []), reason]);
      else this.others.push(message.replace(/^line \d+, /, ""));
    }
  }
}

/** The messages of each of `count` designs, and those of no design, from an answer that refuses all of them. */
export function byDesign(messages, count) {
  /** @type {string[][]} */
  const own = Array.from({ length: count }, () => []);
  /** @type {string[]} */
  const common = [];
  for (const message of messages) {
    const place = Number(PLACE.exec(message)?.[1]) - 1;
    (own[place] ?? common).push(message);
  }
  return { own, common };
}
