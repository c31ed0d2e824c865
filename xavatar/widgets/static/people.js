// Everybody in a gallery: columns from the kernel, asked for by row; searching, filtering, grouping and sorting.

const SOURCES = ["PEP", "vCard", "presence"];
const SEVERITIES = ["error", "warning", "info"];
const PICTURED = new Set(["agrees", "diverges", "uncompared", "only pep", "only vcard"]);
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

export class People {
  constructor(columns) {
    this.columns = columns;
    this.length = columns.jid.length;
    this.haystack = columns.label.map((label, row) => `${label}\n${columns.jid[row]}`.toLocaleLowerCase());
    this.worst = columns.label.map((_, row) => Math.min(...this.rules(row).map(({ rank }) => rank), SEVERITIES.length));
  }

  label(row) { return this.columns.label[row]; }
  jid(row) { return this.columns.jid[row]; }
  verdict(row) { return this.columns.verdicts[this.columns.verdict[row]]; }
  picture(row) { return this.columns.picture[row]; }
  animated(row) { return this.columns.frames[row] > 1; }

  /** What is wrong with this one: id, severity and its rank, the heaviest first. */
  rules(row) {
    const numbers = this.columns.findings[row] ?? [];
    return numbers.map((number) => {
      const [id, severity] = this.columns.rules[number];
      return { number, id, severity, rank: SEVERITIES.indexOf(severity) };
    }).sort((one, other) => one.rank - other.rank);
  }

  /** The heaviest severity, or nothing. */
  severity(row) { return SEVERITIES[this.worst[row]]; }

  /** The sources that announce something. */
  sources(row) { return SOURCES.filter((_, bit) => this.columns.sources[row] & (1 << bit)); }

  /** Verdicts that occur, with how many have them. */
  verdicts() {
    return this.#counted(this.columns.verdict).map(([number, many]) => [this.columns.verdicts[number], many]);
  }

  /** Rules that are broken, with how many break them. */
  broken() {
    const all = Object.values(this.columns.findings).flat();
    return this.#counted(all).map(([number, many]) => [number, this.columns.rules[number][0], many]);
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
    if (status === "pictured") return (row) => PICTURED.has(this.verdict(row));
    if (status === "bare") return (row) => !PICTURED.has(this.verdict(row));
    if (status === "animated") return (row) => this.animated(row);
    return (row) => this.verdict(row) === status;
  }

  #byFinding(finding) {
    if (finding === "all") return () => true;
    if (finding === "any") return (row) => row in this.columns.findings;
    if (finding === "clean") return (row) => !(row in this.columns.findings);
    if (SEVERITIES.includes(finding)) return (row) => this.rules(row).some(({ severity }) => severity === finding);
    return (row) => (this.columns.findings[row] ?? []).includes(Number(finding));
  }

  #order(sort) {
    const { label, jid, bytes, findings } = this.columns;
    const broken = (row) => findings[row]?.length ?? 0;
    return {
      name: (one, other) => collator.compare(label[one], label[other]),
      address: (one, other) => collator.compare(jid[one], jid[other]),
      largest: (one, other) => bytes[other] - bytes[one],
      smallest: (one, other) => !bytes[one] - !bytes[other] || bytes[one] - bytes[other],
      findings: (one, other) => this.worst[one] - this.worst[other] || broken(other) - broken(one),
    }[sort];
  }

  #headings(group, row) {
    switch (group) {
      case "group": return this.columns.groups[this.columns.group[row]].split("; ");
      case "domain": return [this.jid(row).split("/")[0].split("@").at(-1)];
      case "verdict": return [this.verdict(row)];
      case "source": return [this.sources(row).join(" + ")];
      default: return [this.columns.kind[row]];
    }
  }
}
