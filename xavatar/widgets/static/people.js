// Everybody in a gallery, asked for by row: searching, filtering, grouping and sorting.
import { bytesOf } from "./common.js";

const SOURCES = ["PEP", "vCard", "presence"];
const SEVERITIES = ["error", "warning", "info"];
const PICTURED = new Set(["agrees", "diverges", "uncompared", "only pep", "only vcard"]);
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

export class People {
  constructor(told) {
    this.told = told;
    this.labels = told.label.split("\n");
    this.jids = told.jid.split("\n");
    this.length = told.label ? this.labels.length : 0;
    // Copied: the buffer may begin anywhere in a message.
    const numbers = new Int32Array(bytesOf(told.numbers).slice().buffer);
    told.columns.forEach((name, at) => {
      this[name] = numbers.subarray(at * this.length, (at + 1) * this.length);
    });
    this.haystack = this.labels.map((label, row) => `${label}\n${this.jids[row]}`.toLocaleLowerCase());
    this.worst = new Int8Array(this.length).fill(SEVERITIES.length);
    for (const row of Object.keys(told.findings)) this.worst[row] = this.rules(row)[0].rank;
  }

  label(row) { return this.labels[row]; }
  jid(row) { return this.jids[row]; }
  verdictOf(row) { return this.told.verdicts[this.verdict[row]]; }
  animated(row) { return this.frames[row] > 1; }
  color(row) { return this.told.shades[this.shade[row]]; }
  type(row) { return this.told.kinds[this.mime[row]]; }

  /** What a reader takes for the first character of the label. */
  letter(row) {
    const [first] = new Intl.Segmenter().segment(this.label(row).replace(/\ufffd/g, "").trim() || "?");
    return first.segment.toLocaleUpperCase();
  }

  /** What is wrong with this one: id, severity and its rank, the heaviest first. */
  rules(row) {
    const numbers = this.told.findings[row] ?? [];
    return numbers.map((number) => {
      const [id, severity] = this.told.rules[number];
      return { number, id, severity, rank: SEVERITIES.indexOf(severity) };
    }).sort((one, other) => one.rank - other.rank);
  }

  /** The heaviest severity, or nothing. */
  severity(row) { return SEVERITIES[this.worst[row]]; }

  /** The sources that announce something. */
  sources(row) { return SOURCES.filter((_, bit) => this.bits[row] & (1 << bit)); }

  /** Verdicts that occur, with how many have them. */
  verdicts() {
    return this.#counted(this.verdict).map(([number, many]) => [this.told.verdicts[number], many]);
  }

  /** Rules that are broken, with how many break them. */
  broken() {
    const all = Object.values(this.told.findings).flat();
    return this.#counted(all).map(([number, many]) => [number, this.told.rules[number][0], many]);
  }

  #counted(values) {
    const counts = new Map();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    return [...counts].sort((one, other) => other[1] - one[1]);
  }

  /** Rows that contain every word and pass both filters, in order, as [heading, rows] pairs. */
  arrange({ text, status, finding, group, sort }) {
    const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const passes = [this.#byStatus(status), this.#byFinding(finding)];
    const rows = [];
    for (let row = 0; row < this.length; row++) {
      if (words.every((word) => this.haystack[row].includes(word)) && passes.every((pass) => pass(row))) rows.push(row);
    }
    const order = this.#order(sort);
    if (order) rows.sort(order);
    if (group === "nothing") return [["", rows]];
    const groups = new Map();
    for (const row of rows) {
      for (const heading of this.#headings(group, row)) {
        if (!groups.has(heading)) groups.set(heading, []);
        groups.get(heading).push(row);
      }
    }
    return [...groups].sort(([one], [other]) => (one === "") - (other === "") || collator.compare(one, other))
      .map(([heading, members]) => [heading || "none", members]);
  }

  #byStatus(status) {
    if (status === "all") return () => true;
    if (status === "pictured") return (row) => PICTURED.has(this.verdictOf(row));
    if (status === "bare") return (row) => !PICTURED.has(this.verdictOf(row));
    if (status === "animated") return (row) => this.animated(row);
    return (row) => this.verdictOf(row) === status;
  }

  #byFinding(finding) {
    if (finding === "all") return () => true;
    if (finding === "any") return (row) => row in this.told.findings;
    if (finding === "clean") return (row) => !(row in this.told.findings);
    if (SEVERITIES.includes(finding)) return (row) => this.rules(row).some(({ severity }) => severity === finding);
    return (row) => (this.told.findings[row] ?? []).includes(Number(finding));
  }

  #order(sort) {
    const { labels, jids, bytes, told: { findings } } = this;
    const broken = (row) => findings[row]?.length ?? 0;
    return {
      name: (one, other) => collator.compare(labels[one], labels[other]),
      address: (one, other) => collator.compare(jids[one], jids[other]),
      largest: (one, other) => bytes[other] - bytes[one],
      smallest: (one, other) => !bytes[one] - !bytes[other] || bytes[one] - bytes[other],
      findings: (one, other) => this.worst[one] - this.worst[other] || broken(other) - broken(one),
    }[sort];
  }

  #headings(group, row) {
    switch (group) {
      case "group": return this.told.groups[this.group[row]].split("; ");
      case "domain": return [this.jid(row).split("/")[0].split("@").at(-1)];
      case "verdict": return [this.verdictOf(row)];
      case "source": return [this.sources(row).join(" + ")];
      default: return [this.told.kinds[this.kind[row]]];
    }
  }
}
