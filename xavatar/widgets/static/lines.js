// The lines of a trace, sent by the kernel in batches when they come into sight; the other half is tracing.py.
import { Album } from "./album.js";

const BATCH = 400; // lines that the kernel sends at once
const BATCHES = 20; // that are kept
const AGAIN = 5000; // milliseconds until something is asked for again: the kernel may have been busy

/** The lines of one model, in batches, shared by its views. */
export class Lines {
  constructor(model) {
    this.model = model;
    this.album = new Album(model);
    this.batches = new Map(); // position of the first line to lines; the oldest asked for first
    this.asked = new Map();
    this.listeners = new Set();
    this.hear = (content) => this.#receive(content);
    this.changed = () => this.#changed();
    this.version = model.get("_state").version;
    model.on("msg:custom", this.hear);
    model.on("change:_state", this.changed);
  }

  /** The line at a position; undefined when it was asked for just now. */
  at(position) {
    const line = this.kept(position);
    if (!line) this.#ask(position - (position % BATCH));
    return line;
  }

  /** The line at a position, if it is here. */
  kept(position) {
    return this.batches.get(position - (position % BATCH))?.[position % BATCH];
  }

  #ask(first) {
    const now = performance.now();
    if (now - (this.asked.get(first) ?? -AGAIN) < AGAIN) return;
    this.asked.set(first, now);
    this.model.send({ type: "rows", first });
    setTimeout(() => { if (this.asked.has(first)) this.#tell(); }, AGAIN + 10);
  }

  #changed() {
    const { version, count: many } = this.model.get("_state");
    if (version !== this.version) {
      // What is shown stays until its successor comes.
      this.version = version;
      this.batches.clear();
      this.asked.clear();
    } else {
      for (const [first, batch] of this.batches) {
        if (batch.length < Math.min(BATCH, many - first)) this.asked.delete(first);
      }
    }
    this.#tell();
  }

  #receive(content) {
    if (content?.type !== "rows" || content.version !== this.version) return;
    this.asked.delete(content.first);
    this.batches.delete(content.first);
    this.batches.set(content.first, content.rows);
    while (this.batches.size > BATCHES) this.batches.delete(this.batches.keys().next().value);
    this.#tell();
  }

  #tell() { for (const listener of this.listeners) listener(); }

  end() {
    this.model.off("msg:custom", this.hear);
    this.model.off("change:_state", this.changed);
    this.listeners.clear();
    this.album.end();
  }
}
