// The page: one form, up to four designs, and the server's answers to them.

import { answer, ask, Refused } from "./api.js";
import { Board } from "./board.js";
import { writeCsv } from "./csv.js";
import { download, element, part } from "./dom.js";
import { exampleList } from "./examples.js";
import { Form } from "./form.js";
import { lifeSection } from "./life.js";
import { byDesign, Mistakes } from "./mistakes.js";
import { Own } from "./own.js";
import { MOST_REQUESTED } from "./precedents.js";
import { Results } from "./results.js";
import { LETTERS } from "./series.js";
import { fromFragment, toFragment } from "./share.js";
import { designTabs } from "./tabs.js";
import { showTrust } from "./trust.js";
import { uploadSection } from "./upload.js";

const PAUSE = 600;
const REASONS = 10;
const FIRST = "conductivity_s_per_cm";
const BEGIN = "Fill in a design, or begin with a cell of the literature.";

class Page {
  constructor(schema, examples) {
    this.board = new Board();
    this.answers = part("#answers");
    this.level = part("#level");
    this.form = new Form(part("#groups"), schema.groups, (name, value) => this.changed(name, value), part("#help"));
    this.results = new Results(
      part("#results"),
      this.form,
      (design) => this.explain(design),
      (designs) => this.compare(designs),
      (place, name) => {
        this.select(place);
        this.form.focus(name);
      },
    );
    this.own = new Own(
      part("#own"),
      () => this.board.current,
      (rows) =>
        ask("predict", { designs: [{ electrolyte: "LLZTO" }], targets: [FIRST], precedents: 0, measured: rows }),
      () => (this.form.complete(this.board.current) ? this.predict() : undefined),
    );
    this.#examples(examples, schema.targets);
    lifeSection(part("#life"), () => this.level.value);
    uploadSection(part("#upload"), schema, () => this.level.value);
    part("#form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.predict({ lead: true });
    });
    part("#clear").addEventListener("click", () => this.clear());
    part("#share").addEventListener("click", () => this.share());
    part("#keep").addEventListener("click", () => this.keep());
    this.level.addEventListener("change", () => this.answer && this.predict());
    // a link within the page leads to its part, and must not make the address forget the designs
    addEventListener("hashchange", () => this.restore() || this.#remember());
    if (!this.restore()) this.clear();
  }

  #examples(examples, targets) {
    const box = part("#examples");
    box.hidden = !examples.length;
    const choose = (design, example) => {
      this.board.load(design, example);
      this.answer = null;
      box.open = false;
      this.show();
      this.predict({ lead: true });
    };
    part("#examples ul").replaceChildren(...exampleList(examples, targets, choose));
  }

  /** The form and the row of designs as the board has them. */
  show() {
    this.form.fill(this.board.current);
    this.form.mark(this.answer?.results[this.board.active]?.mistakes);
    part("#designs").replaceChildren(
      ...designTabs(this.board, {
        select: (place) => this.select(place),
        copy: () => this.resize(() => this.board.copy()),
        remove: () => this.resize(() => this.board.remove(this.board.active)),
      }),
    );
  }

  changed(name, value) {
    this.board.change(name, value);
    clearTimeout(this.pause);
    if (this.form.complete(this.board.current)) this.pause = setTimeout(() => this.predict(), PAUSE);
  }

  select(place) {
    this.board.active = place;
    this.show();
    if (this.answer) this.results.show(this.answer, this.board);
  }

  /** One design more or less. */
  resize(change) {
    change();
    this.answer = null;
    this.show();
    this.predict();
    part('#designs [aria-pressed="true"]').focus();
  }

  clear() {
    clearTimeout(this.pause);
    this.asking?.abort();
    this.board.replace([]);
    this.answer = null;
    this.results.clear();
    this.#trouble([]);
    this.#state("idle", BEGIN);
    history.replaceState(null, "", location.pathname);
    this.show();
  }

  /** Ask for all designs. With `lead` the answers are brought into view. */
  async predict({ lead = false } = {}) {
    clearTimeout(this.pause);
    this.asking?.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    this.#state("busy", "Predicting …");
    this.#remember();
    try {
      const body = {
        designs: this.board.toRequest(),
        level: Number(this.level.value),
        curve: true,
        precedents: MOST_REQUESTED,
      };
      const { rows: measured } = this.own;
      if (!measured.length) return this.#answered(await ask("predict", body, signal), lead);
      const [reply, before] = await Promise.all(
        [
          { ...body, measured },
          { ...body, curve: false, precedents: 0 },
        ].map((request) => ask("predict", request, signal)),
      );
      reply.results.forEach((result, place) => {
        result.before = before.results[place].predictions;
      });
      return this.#answered(reply, lead);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!(error instanceof Refused)) throw error;
      this.#refused(error);
    }
    if (lead) this.#lead();
  }

  #answered(reply, lead) {
    this.#trouble([]);
    this.#take(reply);
    const refused = reply.results.filter(({ error }) => error).length;
    const done = reply.results.length - refused;
    const summary = `${done} ${done === 1 ? "design" : "designs"} predicted${refused ? `, ${refused} not yet` : ""}.`;
    this.#state("ready", summary);
    part("#model").textContent = `Model ${reply.model}`;
    if (lead) this.#lead();
  }

  #refused(error) {
    const { own, common } = byDesign(error.messages, this.board.designs.length);
    this.#trouble(common);
    if (own.some((messages) => messages.length)) {
      this.#take({ targets: {}, level: 0, results: own.map((messages) => ({ error: messages })) });
    }
    this.#state("refused", "Nothing predicted: see what is said of it.");
  }

  #take(reply) {
    for (const result of reply.results) {
      if (result.error) result.mistakes = new Mistakes(result.error, this.form.names);
    }
    this.answer = reply;
    this.form.mark(reply.results[this.board.active]?.mistakes);
    this.results.show(reply, this.board);
    if (reply.results.some(({ error }) => !error)) part("#examples").open = false;
  }

  /** What moved the predictions of one design; asked once as long as it stays the same. */
  explain(design) {
    const key = JSON.stringify([...design]);
    if (this.explained?.key !== key) {
      const body = { designs: [Object.fromEntries(design)], top: REASONS };
      const reasons = ask("explain", body).then(({ results: [result] }) => {
        if (result.error) throw new Refused(422, result.error);
        return result;
      });
      this.explained = { key, reasons };
    }
    return this.explained.reasons;
  }

  /** Differences of designs, as if one laboratory made them. */
  async compare(designs) {
    const body = { designs: designs.map((design) => Object.fromEntries(design)), level: Number(this.level.value) };
    try {
      return await ask("compare", body);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const reply = await ask("compare", { ...body, targets: [FIRST] }); // a cell and a bare electrolyte have this alone
      return { ...reply, notices: [...error.messages, ...reply.notices] };
    }
  }

  /** The designs of the link, if it holds any. */
  restore() {
    const { designs, level, own, unknown } = fromFragment(location.hash, this.form.names);
    if (!designs.length) return false;
    if ([...this.level.options].some((option) => option.value === level)) this.level.value = level;
    else if (level !== null) unknown.push(`level=${level}`);
    this.board.replace(designs);
    if (own.length) this.own.borrow(own);
    this.answer = null;
    this.show();
    this.predict().then(() => {
      if (unknown.length)
        this.#trouble([`The link holds what this server does not know, and it was left out: ${unknown.join(", ")}`]);
    });
    return true;
  }

  async share() {
    try {
      this.#remember();
      await navigator.clipboard.writeText(location.href);
      this.#state("ready", "Link copied. It holds the designs themselves: whoever has it sees them.");
    } catch {
      this.#state("ready", "The browser does not let this page copy; the link stands in its address bar.");
    }
  }

  /** The answers as `silion predict` writes them. */
  async keep() {
    const names = [...this.form.names].filter((name) => this.board.designs.some((design) => design.has(name)));
    const rows = this.board.designs.map((design, place) => [
      LETTERS[place],
      ...names.map((name) => design.get(name) ?? ""),
    ]);
    const body = writeCsv([["design", ...names], ...rows]);
    try {
      const reply = await answer(`predict/file?level=${this.level.value}`, { body, type: "text/csv" });
      download(await reply.blob(), "silion_predictions.csv");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#trouble(error.messages);
    }
  }

  #remember() {
    history.replaceState(null, "", `#${toFragment(this.board.designs, this.level.value, this.own.shared)}`);
  }

  #state(state, text) {
    this.answers.dataset.state = state;
    part("#status").textContent = text;
    part("#tools").hidden = state === "idle" || state === "refused";
  }

  #trouble(messages) {
    const box = part("#trouble");
    box.hidden = !messages.length;
    box.replaceChildren(...messages.map((message) => element("p", {}, message)));
  }

  #lead() {
    const wrong = part("#form").querySelector('[aria-invalid="true"]');
    if (wrong) this.form.focus(wrong.name);
    else {
      const { top } = this.answers.getBoundingClientRect();
      this.answers.focus({ preventScroll: true });
      // not by the focus: what is longer than the screen would be shown by its end
      if (top < 0 || innerWidth <= 960) this.answers.scrollIntoView({ block: "start" });
    }
  }
}

async function begin() {
  try {
    const [schema, { examples }] = await Promise.all([ask("schema"), ask("examples")]);
    new Page(schema, examples);
    part("main").dataset.ready = "yes";
    await showTrust(part("#trust"));
  } catch (error) {
    part("#status").textContent = error instanceof Refused ? error.messages.join("; ") : "The page could not start.";
    if (!(error instanceof Refused)) throw error;
  }
}

begin();
