// The trace viewer's page: of any number of stanzas only the lines in sight are in the document.
import { count, h, size, widget } from "./common.js";
import { Faces } from "./faces.js";
import { drawing } from "./drawing.js";
import { Lines } from "./lines.js";

const LINE = 26; // pixels
const AHEAD = 12; // lines above and below that are in the document

class List {
  constructor(view, lines) {
    this.view = view;
    this.model = view.model;
    this.lines = lines;
    this.elements = new Map(); // position to element
    this.active = -1;
    this.follows = true;
    this.frame = 0;
    this.canvas = h("div", { class: "xav-canvas", role: "presentation" });
    this.port = h("div", { class: "xav-port xav-lines", tabindex: 0, role: "listbox", "aria-label": "Stanzas" }, this.canvas);
    this.empty = h("div", { class: "xav-empty xav-quiet", hidden: true });
    const listener = () => this.schedule();
    lines.listeners.add(listener);
    view.on(this.port, "scroll", () => {
      this.follows = this.port.scrollTop + this.port.clientHeight >= this.canvas.offsetHeight - LINE;
      this.schedule();
    }, { passive: true });
    view.on(this.port, "keydown", (event) => this.#key(event));
    view.on(this.port, "click", (event) => {
      // What was clicked, though it may stand elsewhere by now.
      const clicked = event.target.closest(".xav-stanza")?.line;
      if (clicked) view.set("selected", clicked[0]);
    });
    view.watch(["height"], () => { this.port.style.height = `${this.model.get("height")}px`; this.schedule(); });
    view.watch(["selected"], () => {
      if (this.lines.at(this.active)?.[0] !== this.model.get("selected")) this.active = -1;
      this.schedule();
    });
    const resized = new ResizeObserver(() => this.schedule());
    resized.observe(this.port);
    view.finally(() => {
      resized.disconnect();
      lines.listeners.delete(listener);
      cancelAnimationFrame(this.frame);
    });
  }

  get many() { return this.model.get("_state").count; }

  schedule() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(this.view.guard(() => this.#paint()));
  }

  #paint() {
    const { port, canvas, many } = this;
    canvas.style.height = `${many * LINE}px`;
    if (this.follows) port.scrollTop = canvas.offsetHeight;
    const first = Math.max(0, Math.floor(port.scrollTop / LINE) - AHEAD);
    const last = Math.min(many, Math.ceil((port.scrollTop + port.clientHeight) / LINE) + AHEAD);
    for (const [position, element] of this.elements) {
      if (position < first || position >= last) {
        element.remove();
        this.elements.delete(position);
      }
    }
    for (let position = first; position < last; position++) {
      const line = this.lines.at(position);
      const known = this.elements.get(position);
      if (!line || known?.line === line) continue;
      const element = this.#draw(position, line);
      known ? known.replaceWith(element) : canvas.append(element);
      this.elements.set(position, element);
    }
    const selected = this.model.get("selected");
    for (const [position, element] of this.elements) {
      const chosen = element.line[0] === selected;
      if (chosen) this.active = position;
      element.setAttribute("aria-selected", String(chosen));
    }
    const active = this.elements.get(this.active);
    active ? port.setAttribute("aria-activedescendant", active.id) : port.removeAttribute("aria-activedescendant");
    this.#say();
  }

  #say() {
    const state = this.model.get("_state");
    this.empty.hidden = state.count > 0;
    this.empty.textContent = state.total ? "No stanza passes the filters." : "No stanza has passed yet. Whatever the session asks from now on comes up here.";
  }

  #draw(position, line) {
    const [number, time, out, kind, peer, summary, bytes, elapsed, xep, broken, shown] = line;
    const cell = (name, words, extra = {}) => h("span", { class: name, text: words, ...extra });
    const told = [`${number}`, out ? "sent" : "received", kind, peer ? `${out ? "to" : "from"} ${peer}` : "own account", summary,
      xep, broken.length ? `breaks ${broken.join(", ")}` : "", shown.length ? `shows ${shown.join(", ")}` : ""];
    const element = h("div", {
      class: "xav-stanza", id: `${this.view.uid}-${position}`, role: "option", "aria-selected": "false",
      "aria-setsize": this.many, "aria-posinset": position + 1, "aria-label": told.filter(Boolean).join(", "),
    },
      cell("xav-number", number), cell("xav-when xav-quiet", time), cell(out ? "xav-out" : "xav-in", out ? "→" : "←"),
      cell("xav-kind", kind), cell("xav-peer xav-text", peer || "own account", { dir: "auto" }),
      h("span", { class: "xav-about" }, cell("xav-text", summary, { dir: "auto" }),
        broken.map((rule) => cell("xav-mark xav-error", rule)), shown.map((rule) => cell("xav-mark xav-info", rule))),
      cell("xav-xep xav-quiet", xep), cell("xav-size xav-quiet", bytes.toLocaleString("en")),
      cell("xav-took xav-quiet", elapsed === null ? "" : `${elapsed.toFixed(1)} ms`));
    element.style.transform = `translateY(${position * LINE}px)`;
    Object.assign(element, { line, position });
    return element;
  }

  choose(position) {
    const many = this.many;
    if (!many) return;
    this.active = Math.max(0, Math.min(many - 1, position));
    const [top, room] = [this.active * LINE, this.port.clientHeight];
    if (top < this.port.scrollTop) this.port.scrollTop = top;
    else if (top + LINE > this.port.scrollTop + room) this.port.scrollTop = top + LINE - room;
    this.follows = this.active === many - 1;
    const line = this.lines.at(this.active);
    if (line) this.view.set("selected", line[0]);
    else this.schedule();
  }

  /** Choose the stanza of a number, which is earlier or later than the active one. */
  seek(number) {
    for (let position = 0; position < this.many; position++) {
      if (this.lines.kept(position)?.[0] === number) { this.choose(position); return; }
    }
    this.view.set("selected", number); // filtered out, or far away: it is opened all the same
  }

  #key(event) {
    const page = Math.max(1, Math.floor(this.port.clientHeight / LINE) - 1);
    const start = this.active < 0 ? (this.follows ? this.many : -1) : this.active;
    const moves = {
      ArrowDown: start + 1, ArrowUp: start - 1, PageDown: start + page, PageUp: start - page, Home: 0, End: this.many - 1,
    };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in moves) this.choose(moves[event.key]);
    else if (event.key === "Escape") this.view.set("selected", 0);
    else return;
    event.preventDefault();
  }
}

function choice(label, key, first) {
  return Object.assign(h("select", { "aria-label": label, title: label }, h("option", { value: "", text: first })), { key, first });
}

function render(view, lines) {
  const { model, body } = view;
  const list = new List(view, lines);
  const faces = new Faces(view, lines.album);
  let timer = 0;

  // -- filters
  const names = h("datalist", { id: `${view.uid}-peers` });
  const jid = h("input", { type: "search", placeholder: "Address contains", "aria-label": "Address contains", list: names.id });
  const kind = choice("Kind", "kind", "every kind");
  const direction = h("select", { "aria-label": "Direction", title: "Direction" },
    [["", "in and out"], ["in", "← received"], ["out", "→ sent"]].map(([value, text]) => h("option", { value, text })));
  const xep = choice("Specification", "xep", "every specification");
  const rule = choice("Rule", "rule", "every rule");
  const fields = { jid, kind, direction, xep, rule };

  function offer(select, values) {
    const options = values.map(([value, many]) => h("option", { value, text: `${value} (${many})` }));
    const wish = model.get(select.key);
    if (select.key === "kind") options.unshift(h("option", { value: "stanzas", text: "stanzas only" }));
    if (wish && !options.some((option) => option.value === wish)) options.push(h("option", { value: wish, text: wish }));
    select.replaceChildren(h("option", { value: "", text: select.first }), ...options);
    select.value = wish;
  }

  // -- controls
  const pause = h("button", { type: "button" });
  const draw = h("button", { type: "button", "aria-expanded": "false", text: "Sequence diagram" });
  const told = h("span", { class: "xav-told xav-quiet", role: "status" });
  const titles = ["no.", "UTC", "", "kind", "with", "about", "specification", "bytes", "round trip"];
  const parts = ["number", "when", "way", "kind", "peer", "about", "xep", "size", "took"];
  const heads = h("div", { class: "xav-stanza xav-heads xav-quiet", "aria-hidden": "true" },
    titles.map((words, at) => h("span", { class: `xav-${parts[at]}`, text: words })));
  const detail = h("section", { class: "xav-detail", "aria-label": "The open stanza", hidden: true });
  const diagram = h("section", { class: "xav-diagram", "aria-label": "Sequence diagram", tabindex: 0, hidden: true });
  body.append(
    h("div", { class: "xav-bar" }, jid, names, kind, direction, xep, rule),
    h("div", { class: "xav-bar xav-line" }, pause, draw, told),
    h("div", { class: "xav-sheaf" }, heads, h("div", { class: "xav-stage" }, list.port, list.empty)),
    detail, diagram,
  );

  for (const [name, field] of Object.entries(fields)) {
    const take = () => {
      if (field === jid) { clearTimeout(timer); timer = 0; }
      view.set(name, field.value);
    };
    if (field === jid) {
      view.on(field, "input", () => { clearTimeout(timer); timer = setTimeout(view.guard(take), 200); });
      view.on(field, "change", take);
    } else view.on(field, "change", take);
    view.watch([name], () => { if (!timer || field !== jid) field.value = model.get(name); }); // nothing is taken from who types
  }
  view.finally(() => clearTimeout(timer));
  view.watch(["_choices"], () => {
    const choices = model.get("_choices");
    names.replaceChildren(...(choices.jid ?? []).map(([value]) => h("option", { value })));
    for (const select of [kind, xep, rule]) offer(select, choices[select.key] ?? []);
  });

  view.on(pause, "click", () => view.set("paused", !model.get("paused")));
  view.watch(["paused", "_state"], () => {
    const state = model.get("_state");
    pause.hidden = !state.live;
    pause.textContent = model.get("paused") ? "Resume" : "Pause";
    const filtered = state.count !== state.total;
    told.textContent = [
      `${filtered ? `${state.count.toLocaleString("en")} of ` : ""}${count(state.total, "stanza")}`, size(state.bytes),
      state.dropped ? `${state.dropped.toLocaleString("en")} earlier ones are dropped` : "",
      model.get("paused") ? `paused, ${state.held.toLocaleString("en")} new meanwhile` : "",
    ].filter(Boolean).join(" · ");
    if (!diagram.hidden) ask();
  });

  // -- the open stanza
  const text = (words, kind = "") => h("span", { class: `xav-text ${kind}`, dir: "auto", text: words });

  function open(number, stanza) {
    faces.forget();
    detail.replaceChildren();
    detail.hidden = !number;
    if (!number) return;
    const close = h("button", { type: "button", class: "xav-dismiss", "aria-label": "Close", text: "✕" });
    view.on(close, "click", () => { view.set("selected", 0); list.port.focus(); });
    if (!stanza) {
      detail.append(h("div", { class: "xav-bar" }, h("span", { class: "xav-quiet", text: `Stanza ${number} is not kept any more.` }), close));
      return;
    }
    const jump = (words, to) => {
      const button = h("button", { type: "button", text: `${words} no. ${to}` });
      view.on(button, "click", () => { list.seek(to); list.port.focus(); });
      return button;
    };
    detail.append(
      h("div", { class: "xav-bar xav-top" },
        h("h4", { text: `${number}` }), h("span", { class: stanza.out ? "xav-out" : "xav-in", text: stanza.out ? "→ sent" : "← received" }),
        h("b", { text: stanza.kind }), stanza.peer ? text(stanza.peer) : h("span", { text: "own account" }), text(stanza.summary),
        stanza.xeps.map((name) => h("span", { class: "xav-pill xav-quiet", text: name })), close),
      h("div", { class: "xav-bar xav-quiet" }, h("span", { text: stanza.at }), h("span", { text: size(stanza.size) }),
        stanza.elapsed === null ? null : h("span", { text: `${stanza.elapsed.toFixed(1)} ms after the request` }),
        stanza.request ? jump("Request", stanza.request) : null, stanza.answer ? jump("Answer", stanza.answer) : null),
      stanza.notes.length ? h("ul", { class: "xav-notes" }, stanza.notes.map(([tone, id, words]) => h("li", {},
        h("span", { class: `xav-pill ${tone === "broken" ? "xav-error" : "xav-info"}`, text: tone === "broken" ? `${id} broken` : id }), " ", text(words)))) : "",
      stanza.pictures.length ? h("div", { class: "xav-bar" }, stanza.pictures.map((each) => faces.show(each, 96, { alt: `the image that stanza ${number} carries` }))) : "",
      h("pre", { class: "xav-xml", tabindex: 0, "aria-label": "XML of the stanza" },
        stanza.pieces.map(([tone, words]) => h("span", { class: tone ? `xav-xml-${tone}` : null, text: words }))),
    );
  }

  let opened = 0;
  view.watch(["selected"], () => {
    const number = model.get("selected");
    if (!number) { opened = 0; open(0); return; }
    if (number !== opened) view.send("stanza", { number });
  });

  // -- who sent what to whom
  let asking = 0;
  function ask() {
    clearTimeout(asking);
    asking = setTimeout(() => view.send("diagram"), 150);
  }
  view.finally(() => clearTimeout(asking));
  view.on(draw, "click", () => {
    diagram.hidden = !diagram.hidden;
    draw.setAttribute("aria-expanded", String(!diagram.hidden));
    if (!diagram.hidden) ask();
  });

  view.hear("msg:custom", (content) => {
    if (content?.type === "stanza" && content.number === model.get("selected")) {
      opened = content.number;
      open(content.number, content.stanza);
    } else if (content?.type === "diagram" && !diagram.hidden) {
      const note = content.count > content.drawn ? `The last ${content.drawn} of ${content.count.toLocaleString("en")} stanzas; filter to see others.` : "";
      diagram.replaceChildren(h("div", { class: "xav-quiet", text: note }), drawing(content.svg));
    }
  });
  list.schedule();
}

export default widget("tracing", { share: (model) => new Lines(model), render });
