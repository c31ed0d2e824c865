// Pictures that the kernel sends when they come into sight; the other half is album.py.
import { bytesOf } from "./common.js";

const TYPES = new Set(["image/png", "image/webp"]); // what the kernel encodes; nothing else is ever drawn
const KEPT = 24 * 1024 * 1024;
const PATIENCE = 4000; // milliseconds until pictures are asked for again: the kernel may have been busy

/** The pictures of one model, shared by its views. */
export class Album {
  constructor(model) {
    this.model = model;
    this.kept = new Map(); // "number/side" to Blob, or null for what cannot be shown; the oldest first
    this.bytes = 0;
    this.asked = new Map();
    this.wanted = new Map(); // side to numbers, for the next message
    this.listeners = new Set();
    this.timers = new Set();
    this.hear = (content, buffers) => this.#receive(content, buffers);
    model.on("msg:custom", this.hear);
  }

  /** The picture as a Blob; null when it cannot be shown; undefined when it was asked for just now. */
  get(number, side) {
    const key = `${number}/${side}`;
    const blob = this.kept.get(key);
    if (blob !== undefined) {
      this.kept.delete(key);
      this.kept.set(key, blob);
    } else if (!this.asked.has(key)) {
      this.asked.set(key, performance.now());
      if (!this.wanted.size) this.#later(() => this.#ask(), 0);
      if (!this.wanted.has(side)) this.wanted.set(side, []);
      this.wanted.get(side).push(number);
    }
    return blob;
  }

  end() {
    this.model.off("msg:custom", this.hear);
    for (const timer of this.timers) clearTimeout(timer);
    this.listeners.clear();
    this.kept.clear();
  }

  #ask() {
    const asked = [...this.wanted];
    this.wanted.clear();
    for (const [side, numbers] of asked) {
      this.model.send({ type: "pictures", numbers, side });
      this.#later(() => this.#again(numbers, side), PATIENCE);
    }
  }

  #again(numbers, side) {
    const lost = numbers.filter((number) => this.asked.delete(`${number}/${side}`));
    if (lost.length) for (const listener of this.listeners) listener();
  }

  #receive(content, buffers) {
    if (content?.type !== "pictures") return;
    const all = bytesOf(buffers[0]);
    for (const [number, offset, length, type] of content.table) {
      const key = `${number}/${content.side}`;
      // Copied out of the message, which would stay alive as a whole otherwise.
      const blob = length && TYPES.has(type) ? new Blob([all.slice(offset, offset + length)], { type }) : null;
      this.asked.delete(key);
      this.bytes += (blob?.size ?? 0) - (this.kept.get(key)?.size ?? 0);
      this.kept.set(key, blob);
    }
    for (const [key, blob] of this.kept) {
      if (this.bytes <= KEPT) break;
      this.kept.delete(key);
      this.bytes -= blob?.size ?? 0;
    }
    for (const listener of this.listeners) listener();
  }

  #later(action, milliseconds) {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      action();
    }, milliseconds);
    this.timers.add(timer);
  }
}

/** How many pixels of the screen a square of so many CSS pixels has; what an album is asked for. */
export function sideFor(pixels) {
  return Math.min(1024, Math.max(8, Math.round(pixels * Math.min(3, globalThis.devicePixelRatio || 1))));
}
