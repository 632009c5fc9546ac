// The form of one design, drawn from the server's schema: its fields, units and limits are declared there and only there.

import { element } from "./dom.js";
import { compact, withUnit } from "./number.js";
import { Reading } from "./reading.js";

export class Form {
  /** `onChange(name, value)` is called as one types. */
  constructor(container, groups, onChange, help) {
    this.fields = new Map();
    groups.forEach((group, place) => {
      const fields = group.fields.map((facts) => new Field(facts, onChange, help));
      for (const field of fields) this.fields.set(field.name, field);
      container.append(new Group(group, fields, place === 0).box);
    });
  }

  get names() {
    return new Set(this.fields.keys());
  }

  /** Whether a design has what no design can do without. */
  complete(design) {
    return [...this.fields].every(([name, { facts }]) => !facts.required || design.has(name));
  }

  label(name) {
    return this.fields.get(name)?.facts.label ?? name;
  }

  fill(design) {
    for (const [name, field] of this.fields) field.fill(design.get(name) ?? "");
  }

  mark(mistakes) {
    for (const [name, field] of this.fields) field.mark(mistakes?.fields.get(name) ?? []);
  }

  focus(name) {
    const field = this.fields.get(name);
    field.box.closest("details").open = true;
    field.input.focus();
  }
}

class Group {
  constructor(group, fields, open) {
    this.count = element("span", { class: "count" });
    this.fields = fields;
    this.box = element(
      "details",
      { class: "group", open, id: `group-${group.name}` },
      element("summary", {}, element("span", {}, group.label), this.count),
      ...fields.map((field) => field.box),
    );
    for (const field of fields) field.watch(() => this.show());
    this.show();
  }

  show() {
    const filled = this.fields.filter((field) => field.input.value !== "").length;
    this.count.textContent = filled ? `${filled} of ${this.fields.length} given` : "";
  }
}

class Field {
  constructor(facts, onChange, help) {
    this.facts = facts;
    this.name = facts.name;
    this.watchers = [];
    const id = `field-${facts.name}`;
    this.mistake = element("p", { class: "mistake", id: `${id}-mistake`, hidden: true });
    this.outside = element("p", { class: "outside", id: `${id}-outside`, hidden: true });
    this.reading = facts.required ? new Reading(`${id}-reading`) : null;
    this.input = this.#input(id);
    this.box = element(
      "div",
      { class: `field of-${facts.kind}` },
      element("label", { for: id }, facts.label, facts.required ? element("abbr", { title: "required" }, " *") : ""),
      element("div", { class: "control" }, this.input, element("span", { class: "unit" }, facts.unit)),
      element("p", { class: "unseen", id: `${id}-about` }, this.#about()),
      this.#offered(`${id}-offered`),
      this.reading?.box,
      this.outside,
      this.mistake,
    );
    this.input.addEventListener("input", () => {
      this.#look();
      onChange(this.name, this.input.value);
    });
    this.input.addEventListener("focus", () => {
      help.textContent = `${facts.label}: ${this.#about()}`;
    });
  }

  watch(watcher) {
    this.watchers.push(watcher);
  }

  fill(value) {
    if (this.input instanceof HTMLSelectElement && ![...this.input.options].some((option) => option.value === value)) {
      this.input.append(element("option", { value }, value));
    }
    this.input.value = value;
    this.#look();
  }

  mark(messages) {
    this.mistake.textContent = messages.join("; ");
    this.mistake.hidden = !messages.length;
    this.input.setAttribute("aria-invalid", String(messages.length > 0));
  }

  #look() {
    const { known_low: low, known_high: high, unit } = this.facts;
    const value = Number(this.input.value.trim() || NaN);
    const outside = low !== null && (value < low || value > high);
    this.outside.hidden = !outside;
    this.outside.textContent = outside ? `outside what the model learned from: ${between(low, high, unit)}` : "";
    this.reading?.of(this.input.value);
    for (const watcher of this.watchers) watcher();
  }

  #about() {
    const { description, kind, low, high, unit, known_low: least, known_high: most } = this.facts;
    if (kind !== "number") return `${description}.`;
    const ends = [
      low !== null && `${this.facts.low_open ? "above" : "at least"} ${compact(low)}`,
      high !== null && `${this.facts.high_open ? "below" : "at most"} ${compact(high)}`,
    ].filter(Boolean);
    const learned =
      least === null
        ? "The model learned from no value of it."
        : `The model learned from ${between(least, most, unit)}.`;
    return `${description}; ${ends.join(" and ")}. ${learned}`;
  }

  /** What the tables hold, offered while one types. */
  #offered(id) {
    const { suggestions } = this.facts;
    if (!suggestions?.length) return null;
    return element("datalist", { id }, ...suggestions.map((text) => element("option", { value: text })));
  }

  #input(id) {
    const { kind, choices, suggestions, required, multiline } = this.facts;
    const described = [`${id}-about`, `${id}-outside`, `${id}-mistake`, this.reading && `${id}-reading`];
    const common = { id, name: this.name, "aria-describedby": described.filter(Boolean).join(" ") };
    if (kind === "choice" || kind === "yes_no") {
      const values = choices ?? ["yes", "no"];
      const options = [
        element("option", { value: "" }, "not known"),
        ...values.map((value) => element("option", {}, value)),
      ];
      return element("select", common, ...options);
    }
    if (multiline) return element("textarea", { ...common, rows: 3, spellcheck: "false" });
    return element("input", {
      ...common,
      list: suggestions?.length ? `${id}-offered` : null,
      type: "text",
      spellcheck: "false",
      autocapitalize: "off",
      required,
      // a telephone that offers digits alone has no minus
      inputmode: kind === "number" && this.facts.low >= 0 ? "decimal" : "text",
      placeholder: required ? "" : "not known",
    });
  }
}

function between(low, high, unit) {
  return withUnit(low === high ? compact(low) : `${compact(low)} to ${compact(high)}`, unit);
}
