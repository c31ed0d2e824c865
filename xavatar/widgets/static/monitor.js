// The monitor's page: changes of avatars, the newest first; told of in numbers, asked for as rows.
import { count, h, widget } from "./common.js";
import { Album } from "./album.js";
import { Faces } from "./faces.js";

const SIDE = 48;
const PAGE = 50; // rows in the document, until more are wanted
const AGAIN = 5000; // milliseconds until rows are asked for again: the kernel may have been busy
const STALE = 200; // rows that went, until their pictures are given back
const WORDS = {
  published: ["published", "xav-good"], disabled: ["switched off", "xav-warning"], retracted: ["retracted", "xav-warning"],
  purged: ["purged", "xav-warning"], deleted: ["node deleted", "xav-warning"], malformed: ["malformed", "xav-error"],
  announced: ["hash changed", "xav-info"], withdrawn: ["hash withdrawn", "xav-warning"],
};

/** The rows of one model, shared by its views. */
class Log {
  constructor(model) {
    this.model = model;
    this.album = new Album(model);
    this.rows = new Map(); // number to row
    this.listeners = new Set();
    this.asked = -1;
    this.hear = (content) => this.#receive(content);
    this.ask = () => this.#ask();
    model.on("msg:custom", this.hear);
    for (const trait of ["_newest", "_cleared"]) model.on(`change:${trait}`, this.ask);
    this.#ask();
  }

  get have() { return Math.max(this.model.get("_cleared"), ...this.rows.keys()); }

  /** The newest rows, so many. */
  newest(many) {
    return [...this.rows.keys()].sort((one, other) => other - one).slice(0, many).map((number) => this.rows.get(number));
  }

  #ask() {
    const { model } = this;
    const oldest = Math.max(model.get("_cleared"), model.get("_newest") - model.get("_keep"));
    for (const number of this.rows.keys()) if (number <= oldest) this.rows.delete(number);
    const newest = model.get("_newest");
    if (newest > this.have && this.asked < newest) {
      this.asked = newest;
      model.send({ type: "rows", after: this.have });
      clearTimeout(this.timer);
      this.timer = setTimeout(() => { this.asked = -1; this.#ask(); }, AGAIN);
    }
    for (const listener of this.listeners) listener();
  }

  #receive(content) {
    if (content?.type !== "rows") return;
    for (const row of content.rows) if (row.number > this.model.get("_cleared")) this.rows.set(row.number, row);
    if (this.have >= this.model.get("_newest")) clearTimeout(this.timer);
    for (const listener of this.listeners) listener();
  }

  end() {
    clearTimeout(this.timer);
    this.model.off("msg:custom", this.hear);
    for (const trait of ["_newest", "_cleared"]) this.model.off(`change:${trait}`, this.ask);
    this.listeners.clear();
    this.album.end();
  }
}

function render(view, log) {
  const { model, body } = view;
  const faces = new Faces(view, log.album);
  const shown = new Map(); // number to element
  let page = PAGE;
  let gone = 0;

  const pause = h("button", { type: "button" });
  const clear = h("button", { type: "button", text: "Clear" });
  const told = h("span", { class: "xav-told xav-quiet", role: "status" });
  const list = h("ol", { class: "xav-changes", role: "list", "aria-label": "Changes, the newest first" });
  const empty = h("p", { class: "xav-empty xav-quiet", text: "Nothing has changed yet. Changes of contacts' avatars, and of your own, come up here by themselves." });
  const more = h("button", { type: "button", hidden: true });
  const port = h("div", { class: "xav-port xav-log", tabindex: 0, role: "region", "aria-label": "What changed" }, list, empty, more);
  body.append(h("div", { class: "xav-bar xav-line" }, pause, clear, told), port);

  const text = (words, kind = "") => h("span", { class: `xav-text ${kind}`, dir: "auto", text: words });

  /** An avatar at one moment, in a frame that tells from afar whether there was one. */
  function moment(row, face, when) {
    const frame = (kind, content) => h("div", { class: `xav-moment ${kind}` }, content);
    if (!face) return frame("xav-void", h("span", { class: "xav-quiet", text: "not known" }));
    if (!face.id) return frame("xav-void", h("span", { class: "xav-quiet", text: "none" }));
    if (face.picture < 0) return frame("xav-void", h("span", { class: "xav-quiet", title: face.id, text: "not here" }));
    const image = faces.show({ ...face, number: face.picture }, SIDE, { alt: `avatar of ${row.label} ${when}` });
    image.title = `${face.facts}\n${face.id}`;
    return frame("", image);
  }

  function draw(row) {
    const [words, tone] = WORDS[row.what] ?? [row.what, ""];
    const at = new Date(row.at);
    const clock = at.toLocaleTimeString("en-GB");
    return h("li", { class: "xav-change" },
      h("time", { class: "xav-quiet", datetime: row.at, title: row.at, text: clock }),
      h("div", { class: "xav-turn" }, moment(row, row.before, "before"),
        h("span", { class: "xav-arrow", role: "img", "aria-label": "became", text: "→" }), moment(row, row.after, "after")),
      h("div", { class: "xav-who" },
        h("div", { class: "xav-cut", title: row.label }, text(row.label, "xav-name")),
        row.label === row.jid ? null : h("div", { class: "xav-cut xav-quiet", title: row.jid }, text(row.jid, "xav-address")),
        h("div", { class: "xav-bar" },
          h("span", { class: `xav-pill ${tone}`, text: words }),
          h("span", { class: "xav-quiet", text: row.source }),
          row.resource ? h("span", { class: "xav-quiet xav-cut" }, "from ", text(row.resource)) : null,
          row.after?.facts ? h("span", { class: "xav-quiet", text: row.after.facts }) : null,
          row.note ? h("span", { class: "xav-quiet" }, text(row.note)) : null)));
  }

  function arrange() {
    const rows = log.newest(page);
    const wanted = new Set(rows.map((row) => row.number));
    for (const [number, element] of shown) {
      if (wanted.has(number)) continue;
      element.remove();
      shown.delete(number);
      gone += 1;
    }
    if (gone > STALE || !wanted.size) {
      faces.forget();
      for (const element of shown.values()) element.remove();
      shown.clear();
      gone = 0;
    }
    const [anchor, top] = [port.scrollTop > 4 ? list.firstElementChild : null, port.scrollTop];
    const before = anchor?.offsetTop;
    let place = list.firstElementChild;
    for (const row of rows) {
      const known = shown.get(row.number);
      if (known) { place = known.nextElementSibling; continue; }
      const element = draw(row);
      shown.set(row.number, element);
      list.insertBefore(element, place);
    }
    // Who reads further down is not pushed along.
    if (anchor?.isConnected) port.scrollTop = top + anchor.offsetTop - before;
    empty.hidden = wanted.size > 0;
    more.hidden = log.rows.size <= page;
    more.textContent = `Show ${Math.min(PAGE, log.rows.size - page)} more`;
    tell();
  }

  function tell() {
    const seen = model.get("_newest") - model.get("_cleared");
    const keep = model.get("_keep");
    const held = model.get("_held");
    told.textContent = [
      seen ? count(seen, "change") : "",
      seen > keep ? `the last ${keep.toLocaleString("en")} are kept` : `up to ${keep.toLocaleString("en")} are kept`,
      model.get("paused") ? `paused, ${held.toLocaleString("en")} new meanwhile` : model.get("_over"),
    ].filter(Boolean).join(" · ");
  }

  view.on(pause, "click", () => view.set("paused", !model.get("paused")));
  view.on(clear, "click", () => { view.send("clear"); pause.focus(); });
  view.on(more, "click", () => { page += PAGE; arrange(); port.focus(); });
  view.watch(["paused", "_held", "_over", "_keep"], () => {
    pause.textContent = model.get("paused") ? "Resume" : "Pause";
    pause.disabled = Boolean(model.get("_over")) && !model.get("paused");
    view.root.classList.toggle("xav-still", model.get("paused"));
    tell();
  });
  view.watch(["height"], () => { port.style.maxHeight = `${model.get("height")}px`; });
  const listener = view.guard(arrange);
  log.listeners.add(listener);
  view.finally(() => log.listeners.delete(listener));
  arrange();
}

export default widget("monitor", { share: (model) => new Log(model), render });
