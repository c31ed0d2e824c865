// How clients would show an avatar: small, square and round, on light and dark; the one that is there above the new one.
import { h } from "./common.js";

const SIDES = [32, 48, 96];
const SHAPES = ["square", "round"];

/** Pictures of the album as bitmaps that can be drawn from. */
export class Bitmaps {
  constructor(view, album, drawn) {
    this.album = album;
    this.kept = new Map(); // "number/side" to ImageBitmap, null while it is decoded
    this.ended = false;
    const listener = view.guard(drawn);
    this.drawn = listener;
    album.listeners.add(listener);
    view.finally(() => {
      this.ended = true;
      album.listeners.delete(listener);
      this.keep([]);
    });
  }

  /** The bitmap, or nothing for as long as it is not here. */
  get(number, side) {
    if (!(number >= 0)) return null;
    const key = `${number}/${side}`;
    if (this.kept.has(key)) return this.kept.get(key);
    const blob = this.album.get(number, side);
    if (!blob) return null;
    this.kept.set(key, null);
    createImageBitmap(blob).then((bitmap) => {
      if (this.ended || !this.kept.has(key)) bitmap.close();
      else {
        this.kept.set(key, bitmap);
        this.drawn();
      }
    }, () => {});
    return null;
  }

  /** Free all but those of these numbers. */
  keep(numbers) {
    for (const [key, bitmap] of this.kept) {
      if (numbers.includes(Number(key.split("/")[0]))) continue;
      bitmap?.close();
      this.kept.delete(key);
    }
  }
}

/** Two grounds with a row for each picture. */
export class Preview {
  constructor() {
    this.rows = { now: [], new: [] };
    this.lines = { now: [], new: [] };
    this.element = h("div", { class: "xav-previews" }, ["light", "dark"].map((ground) => this.#ground(ground)));
  }

  #ground(ground) {
    const line = (which) => {
      const cells = SHAPES.flatMap((shape) => SIDES.map((side) => this.#cell(which, ground, shape, side)));
      const row = h("tr", { hidden: true }, h("th", { scope: "row", text: which }), cells);
      this.lines[which].push(row);
      return row;
    };
    return h("div", { class: `xav-preview xav-on-${ground}`, role: "group", tabindex: 0, "aria-label": `How it looks on ${ground}` },
      h("table", {}, h("thead", {}, h("tr", {}, h("td"), SHAPES.flatMap(() => SIDES.map((side) => h("th", { scope: "col", text: side }))))),
        h("tbody", {}, line("now"), line("new"))));
  }

  #cell(which, ground, shape, side) {
    const canvas = h("canvas", { role: "img", class: `xav-${shape}`, "aria-label": `${which}, ${shape}, ${side} pixels, on ${ground}` });
    canvas.style.width = canvas.style.height = "0";
    this.rows[which].push({ canvas, side });
    return h("td", {}, canvas);
  }

  show(which, shown) {
    for (const row of this.lines[which]) row.hidden = !shown;
  }

  /** Draw a square of a picture everywhere in a row; `pixels` is how many it has, and is not exceeded (P84-21). */
  paint(which, bitmap, [x, y, side], pixels) {
    const ratio = globalThis.devicePixelRatio || 1;
    for (const { canvas, side: wanted } of this.rows[which]) {
      const shown = Math.min(wanted, pixels);
      canvas.style.width = canvas.style.height = `${shown}px`;
      canvas.width = canvas.height = Math.max(1, Math.round(Math.min(shown * ratio, pixels)));
      const draw = canvas.getContext("2d");
      draw.imageSmoothingQuality = "high";
      draw.drawImage(bitmap, x, y, side, side, 0, 0, canvas.width, canvas.height);
    }
  }
}
