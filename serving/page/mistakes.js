// What the server says of a design, sorted to the field it is about.

const PLACE = /^line (\d+), column ([a-z0-9_]+): (.*)$/s;

/** Mistakes of one design: by field, and those of none. The place is left out where a mistake stands beside its field. */
export class Mistakes {
  constructor(words, known) {
    this.fields = new Map();
    this.others = [];
    for (const each of words) {
      const [, , name, said] = PLACE.exec(each) ?? [];
      if (known.has(name)) this.fields.set(name, [...(this.fields.get(name) ?? []), said]);
      else this.others.push(each.replace(/^line \d+, /, ""));
    }
  }
}

/** The words of each of `count` designs, and those of no design, from an answer that refuses all of them. */
export function byDesign(words, count) {
  /** @type {string[][]} */
  const own = Array.from({ length: count }, () => []);
  /** @type {string[]} */
  const common = [];
  for (const each of words) {
    const place = Number(PLACE.exec(each)?.[1]) - 1;
    (own[place] ?? common).push(each);
  }
  return { own, common };
}
