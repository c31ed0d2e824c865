// The gallery's page: of thousands of tiles only those in sight are in the document.
import { count, h, size, widget } from "./common.js";
import { Album, sideFor } from "./album.js";
import { People } from "./people.js";

const GROUPINGS = { nothing: "not grouped", group: "by roster group", domain: "by domain", verdict: "by verdict", source: "by source", kind: "by kind" };
const ORDERS = { given: "as given", name: "by name", address: "by address", largest: "largest file first", smallest: "smallest file first", findings: "worst findings first" };
const MARKS = { error: "✕", warning: "!", info: "i" };
const AHEAD = 2; // lines above and below whose pictures are asked for before they are in sight
const HEADING = 32;
const CAPTION = 40;
const GAP = 8;
const SHORT = { PEP: "PEP", vCard: "vC", presence: "pr" };

/** A labelled choice; `choices` are [value, words] pairs, or [words, pairs] for a group of them. */
function choice(label, choices) {
  const option = ([value, words]) => Array.isArray(words)
    ? h("optgroup", { label: value }, words.map(option))
    : h("option", { value, text: words });
  return h("select", { "aria-label": label, title: label }, choices.map(option));
}

class Wall {
  constructor(view, album) {
    this.view = view;
    this.model = view.model;
    this.album = album;
    this.tiles = new Map(); // position to element
    this.headings = new Map();
    this.active = -1;
    this.frame = 0;
    this.#build();
    this.#listen();
  }

  get tile() { return this.model.get("tile"); }
  get width() { return this.tile + 48; }
  get height() { return this.tile + CAPTION + 12; }

  #build() {
    const { body } = this.view;
    this.search = h("input", { type: "search", placeholder: "Search names and addresses", "aria-label": "Search names and addresses" });
    this.status = choice("Show which avatars", []);
    this.finding = choice("Show which findings", []);
    this.group = choice("Group", Object.entries(GROUPINGS));
    this.sort = choice("Sort", Object.entries(ORDERS));
    this.round = h("input", { type: "checkbox" });
    this.zoom = h("input", { type: "range", min: 24, max: 160, step: 8, "aria-label": "Size of the pictures" });
    this.told = h("span", { class: "xav-told", role: "status" });
    this.clear = h("button", { type: "button", text: "Clear selection", hidden: true });
    this.canvas = h("div", { class: "xav-canvas", role: "presentation" });
    this.empty = h("div", { class: "xav-empty xav-quiet", text: "Nobody here matches.", hidden: true });
    this.port = h("div", { class: "xav-port", tabindex: 0, role: "listbox", "aria-label": "Avatars", "aria-multiselectable": "true" }, this.canvas);
    body.append(
      h("div", { class: "xav-bar" }, this.search, this.status, this.finding, this.group, this.sort),
      h("div", { class: "xav-bar xav-line" }, this.told, this.clear,
        h("span", { class: "xav-bar xav-look" }, h("label", {}, this.round, "round"), this.zoom)),
      h("div", { class: "xav-stage" }, this.port, this.empty),
    );
  }

  #listen() {
    const { view, port } = this;
    view.watch(["_people"], () => this.#meet());
    view.watch(["group", "sort"], () => {
      this.group.value = this.model.get("group");
      this.sort.value = this.model.get("sort");
      this.#arrange();
    });
    view.watch(["shape"], () => {
      this.round.checked = this.model.get("shape") === "round";
      view.root.classList.toggle("xav-round", this.round.checked);
    });
    view.watch(["tile"], () => {
      this.zoom.value = this.tile;
      view.root.style.setProperty("--xav-tile", `${this.tile}px`);
      this.#forget();
      this.#lines();
    });
    view.watch(["height"], () => { port.style.height = `${this.model.get("height")}px`; });
    view.watch(["_chosen"], () => {
      this.chosen = new Set(this.model.get("_chosen"));
      this.#tell();
      this.#mark();
    });
    view.on(this.search, "input", () => this.#arrange());
    for (const filter of [this.status, this.finding]) view.on(filter, "change", () => this.#arrange());
    for (const trait of ["group", "sort"]) view.on(this[trait], "change", () => view.set(trait, this[trait].value));
    view.on(this.round, "change", () => view.set("shape", this.round.checked ? "round" : "square"));
    view.on(this.zoom, "input", () => view.set("tile", Number(this.zoom.value)));
    view.on(this.clear, "click", () => { this.#choose([]); port.focus(); });
    view.on(port, "scroll", () => this.schedule(), { passive: true });
    view.on(port, "keydown", (event) => this.#key(event));
    view.on(port, "click", (event) => this.#click(event));
    const listener = () => this.schedule();
    this.album.listeners.add(listener);
    const resized = new ResizeObserver(view.guard(() => this.#lines()));
    resized.observe(port);
    view.finally(() => {
      resized.disconnect();
      this.album.listeners.delete(listener);
      cancelAnimationFrame(this.frame);
      clearTimeout(this.telling);
      this.#forget();
    });
  }

  /** Take the columns, and offer the filters that make sense for them. */
  #meet() {
    this.people = new People(this.model.get("_people"));
    const before = [this.status.value, this.finding.value];
    const fill = (select, choices) => select.replaceChildren(...choice("", choices).childNodes);
    fill(this.status, [
      ["all", "all avatars"], ["pictured", "with a picture"], ["bare", "without a picture"], ["animated", "animated"],
      ["Verdict", this.people.verdicts().map(([verdict, many]) => [verdict, `${verdict} (${many})`])],
    ]);
    fill(this.finding, [
      ["all", "all findings"], ["any", "any finding"], ["clean", "no finding"],
      ["error", "errors"], ["warning", "warnings"], ["info", "notes"],
      ["Rule", this.people.broken().map(([number, id, many]) => [String(number), `${id} (${many})`])],
    ]);
    this.status.value = before[0] || "all";
    this.finding.value = before[1] || "all";
    this.#arrange();
  }

  #arrange() {
    if (!this.people) return;
    const at = this.active >= 0 ? this.order?.[this.active] : undefined;
    this.groups = this.people.arrange({
      text: this.search.value, status: this.status.value || "all", finding: this.finding.value || "all",
      group: this.model.get("group"), sort: this.model.get("sort"),
    });
    this.order = this.groups.flatMap(([, rows]) => rows);
    this.distinct = new Set(this.order).size;
    this.active = at === undefined ? -1 : this.order.indexOf(at);
    this.anchor = this.active;
    this.empty.hidden = this.order.length > 0;
    this.#forget();
    this.#tell();
    this.#lines();
  }

  /** Cut the groups into lines with their places; a line is a heading or a row of tiles. */
  #lines() {
    if (!this.groups) return;
    const room = (this.port.clientWidth || 700) - GAP;
    const columns = Math.max(1, Math.floor(room / this.width));
    const step = Math.floor(room / columns);
    if (step !== this.step || columns !== this.columns) this.#forget();
    [this.step, this.columns] = [step, columns];
    this.lines = [];
    let top = GAP / 2;
    let start = 0;
    for (const [heading, rows] of this.groups) {
      if (heading) {
        this.lines.push({ top, height: HEADING, heading, many: rows.length });
        top += HEADING;
      }
      for (let from = 0; from < rows.length; from += columns) {
        this.lines.push({ top, height: this.height, start: start + from, end: start + Math.min(from + columns, rows.length) });
        top += this.height;
      }
      start += rows.length;
    }
    this.canvas.style.height = `${top + GAP / 2}px`;
    this.schedule();
  }

  /** The index of the last line that begins at or above a place. */
  #lineAt(place) {
    let low = 0;
    let high = this.lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.lines[middle].top <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  schedule() {
    this.frame ||= requestAnimationFrame(this.view.guard(() => {
      this.frame = 0;
      this.#draw();
    }));
  }

  /** Make the document hold what is in sight. */
  #draw() {
    if (!this.lines || !this.view.root.isConnected) return;
    const [from, to] = [this.port.scrollTop, this.port.scrollTop + (this.port.clientHeight || 400)];
    const [first, last] = [this.#lineAt(from), this.#lineAt(to)];
    const [tiles, headings] = [new Map(), new Map()];
    for (let number = first; number <= last; number++) {
      const line = this.lines[number];
      if (line.heading) headings.set(number, this.headings.get(number) ?? this.#heading(line));
      else for (let position = line.start; position < line.end; position++) {
        tiles.set(position, this.tiles.get(position) ?? this.#tile(position, line));
      }
    }
    for (const [number, element] of this.headings) if (!headings.has(number)) element.remove();
    for (const [position, element] of this.tiles) if (!tiles.has(position)) this.#free(element);
    this.tiles = tiles;
    this.headings = headings;
    for (const element of tiles.values()) this.#paint(element);
    for (const line of [...this.lines.slice(Math.max(0, first - AHEAD), first), ...this.lines.slice(last + 1, last + 1 + AHEAD)]) {
      for (let position = line.start; position < line.end; position++) this.#picture(this.order[position]);
    }
    this.#mark();
  }

  #heading(line) {
    const text = h("span", { class: "xav-text xav-cut", dir: "auto", text: line.heading });
    const element = h("div", { class: "xav-heading", "aria-hidden": "true" }, text, h("span", { class: "xav-quiet", text: line.many }));
    element.style.transform = `translateY(${line.top}px)`;
    this.canvas.append(element);
    return element;
  }

  #tile(position, line) {
    const { people } = this;
    const row = this.order[position];
    const rules = people.rules(row);
    const [severity, verdict, sources] = [people.severity(row), people.verdictOf(row), people.sources(row)];
    const label = people.label(row);
    // Marks are drawn by the style sheet from these attributes: an element less for each.
    const face = h("div", {
      class: `xav-face ${severity ? `xav-${severity}` : ""}`, "aria-hidden": "true",
      "data-mark": MARKS[severity], "data-moves": people.animated(row),
    });
    const element = h("div", {
      class: "xav-tile", role: "option", id: `${this.view.uid}-${position}`, title: this.#title(row),
      "aria-label": [
        label, `avatar: ${verdict}`, people.animated(row) ? "animated" : null,
        sources.length ? `from ${sources.join(", ")}` : null, rules.length ? `${severity}: ${rules.map(({ id }) => id).join(", ")}` : null,
      ].filter(Boolean).join("; "),
      "data-under": sources.map((source) => SHORT[source]).join(" · ") || verdict,
      "aria-setsize": this.order.length, "aria-posinset": position + 1,
    },
    face,
    h("div", { class: "xav-name xav-text xav-cut", dir: "auto", text: label }));
    element.style.transform = `translate(${GAP / 2 + (position - line.start) * this.step}px, ${line.top}px)`;
    element.style.width = `${this.step - GAP}px`;
    element.style.height = `${this.height - GAP / 2}px`;
    Object.assign(element, { position, row, face });
    this.canvas.append(element);
    return element;
  }

  #title(row) {
    const { people } = this;
    const { bytes, width, height } = people;
    const facts = bytes[row] ? [`${people.type(row) || "unknown"} ${width[row]} × ${height[row]}, ${size(bytes[row])}`] : [];
    const rules = people.rules(row).map(({ id, severity }) => `${severity}: ${id}`);
    return [people.label(row), people.jid(row), people.verdictOf(row), ...facts, ...rules].join("\n");
  }

  /** Give a tile its picture, or what stands for it; ask for the picture first. */
  #paint(element) {
    if (element.painted) return;
    const blob = this.#picture(element.row);
    if (blob === undefined) return;
    element.painted = true;
    if (blob === null) {
      element.face.classList.add("xav-letter");
      element.face.textContent = this.people.letter(element.row);
      element.face.style.background = this.people.color(element.row);
      return;
    }
    const image = h("img", { alt: `avatar of ${this.people.label(element.row)}`, draggable: "false", decoding: "async" });
    element.url = URL.createObjectURL(blob);
    // Never larger than it is (P84-21); smaller where a screen has more pixels, and the copy therefore too.
    image.addEventListener("load", () => {
      const scale = Math.min(1, this.tile / Math.max(image.naturalWidth, image.naturalHeight));
      image.style.width = `${image.naturalWidth * scale}px`;
    }, { once: true });
    image.src = element.url;
    element.face.append(image);
  }

  #picture(row) {
    const number = this.people.picture[row];
    return number < 0 ? null : this.album.get(number, sideFor(this.tile));
  }

  #free(element) {
    if (element.url) {
      element.face.firstChild.removeAttribute("src");
      URL.revokeObjectURL(element.url);
    }
    element.remove();
  }

  #forget() {
    for (const element of this.tiles.values()) this.#free(element);
    for (const element of this.headings.values()) element.remove();
    this.tiles.clear();
    this.headings.clear();
  }

  #mark() {
    for (const [position, element] of this.tiles) {
      element.setAttribute("aria-selected", this.chosen.has(element.row));
      element.classList.toggle("xav-active", position === this.active);
    }
    if (this.tiles.has(this.active)) this.port.setAttribute("aria-activedescendant", this.tiles.get(this.active).id);
    else this.port.removeAttribute("aria-activedescendant");
  }

  #tell() {
    if (!this.people || !this.chosen) return;
    const shown = this.distinct === this.people.length ? count(this.people.length, "avatar")
      : `${this.distinct.toLocaleString("en")} of ${count(this.people.length, "avatar")}`;
    this.told.textContent = this.chosen.size ? `${shown}, ${this.chosen.size.toLocaleString("en")} selected` : shown;
    this.clear.hidden = !this.chosen.size;
  }

  #choose(rows) {
    this.view.set("_chosen", rows);
  }

  #toggle(position) {
    const row = this.order[position];
    const rest = [...this.chosen].filter((other) => other !== row);
    this.#choose(this.chosen.has(row) ? rest : [...rest, row]);
  }

  #extend(position) {
    const [low, high] = [Math.min(this.anchor, position), Math.max(this.anchor, position)];
    this.#choose([...new Set([...this.chosen, ...this.order.slice(Math.max(0, low), high + 1)])]);
  }

  #click(event) {
    const element = event.target.closest(".xav-tile");
    if (!element) return;
    const { position } = element;
    if (event.shiftKey && this.anchor >= 0) this.#extend(position);
    else if (event.ctrlKey || event.metaKey) this.#toggle(position);
    else this.#choose([this.order[position]]);
    this.#go(position, event.shiftKey);
  }

  #key(event) {
    if (event.altKey || !this.order.length) return;
    const control = event.ctrlKey || event.metaKey;
    const to = this.#target(event.key);
    if (to !== undefined) {
      this.#go(to, event.shiftKey);
      if (event.shiftKey) this.#extend(to);
    } else if (event.key === " " && this.active >= 0) this.#toggle(this.active);
    else if (event.key === "Enter" && this.active >= 0) this.#choose([this.order[this.active]]);
    else if (event.key === "a" && control) this.#choose([...new Set(this.order)]);
    else if (event.key === "Escape" && this.chosen.size) this.#choose([]);
    else return;
    event.preventDefault();
  }

  /** Where a key leads, or nothing for keys that lead nowhere. */
  #target(key) {
    const last = this.order.length - 1;
    if (this.active < 0) return { ArrowRight: 0, ArrowDown: 0, Home: 0, PageDown: 0, ArrowLeft: last, ArrowUp: last, End: last }[key];
    const page = Math.max(1, Math.floor(this.port.clientHeight / this.height));
    const to = {
      ArrowRight: () => this.active + 1, ArrowLeft: () => this.active - 1, Home: () => 0, End: () => last,
      ArrowDown: () => this.#below(1), ArrowUp: () => this.#below(-1), PageDown: () => this.#below(page), PageUp: () => this.#below(-page),
    }[key]?.();
    return to === undefined ? undefined : Math.max(0, Math.min(last, to));
  }

  /** The tile so many lines further down, in the same column where there is one. */
  #below(many) {
    const lines = this.lines.filter(({ heading }) => !heading);
    const here = lines.findIndex(({ start, end }) => start <= this.active && this.active < end);
    const there = lines[Math.max(0, Math.min(lines.length - 1, here + many))];
    return Math.min(there.end - 1, there.start + this.active - lines[here].start);
  }

  #go(position, keep = false) {
    this.active = position;
    if (!keep) this.anchor = position;
    const line = this.lines.find(({ start, end }) => start <= position && position < end);
    if (line.top < this.port.scrollTop) this.port.scrollTop = line.top - HEADING;
    else if (line.top + line.height > this.port.scrollTop + this.port.clientHeight) {
      this.port.scrollTop = line.top + line.height - this.port.clientHeight + GAP / 2;
    }
    // Told when the keys rest, since holding one down passes many.
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.view.set("_focus", this.order[this.active] ?? -1), 120);
    this.schedule();
  }
}

export default widget("gallery", { share: (model) => new Album(model), render: (view, album) => new Wall(view, album) });
