// Cutting a square out of a picture: by pointer, wheel, keyboard and slider.
import { h } from "./common.js";

const STAGE = 300; // CSS pixels of the canvas
const MARGIN = 24; // around what is cut out
const FRAME = STAGE - 2 * MARGIN;
const LEAST = 32; // pixels of the picture that a square has at least
const DEEPEST = 16;
const STILL = 200; // milliseconds without a move after which a cut counts

const clamp = (value, least, most) => Math.min(Math.max(value, least), Math.max(least, most));

/** The square that is cut out, in pixels of the picture; `moved` is told at once, `settled` when nothing moves. */
export class Crop {
  constructor(view, { moved, settled }) {
    this.moved = moved;
    this.settled = settled;
    this.picture = null;
    this.pointers = new Map();
    this.timer = 0;
    const hint = h("span", {
      id: `${view.uid}-hint`, class: "xav-quiet",
      text: "Drag to move, pinch or turn the wheel to zoom. Keys: arrows, + and −, 0 for the middle.",
    });
    this.canvas = h("canvas", {
      class: "xav-crop", tabindex: 0, role: "application", "aria-label": "Cut out a square", "aria-describedby": hint.id,
    });
    this.zoom = h("input", { type: "range", min: 0, step: 0.05, "aria-label": "Zoom" });
    this.told = h("output", { class: "xav-quiet" });
    this.element = h("div", { class: "xav-cropping", hidden: true },
      this.canvas, h("label", { class: "xav-zoom" }, "Zoom", this.zoom), this.told, hint);
    view.on(this.zoom, "input", () => this.#scale(2 ** Number(this.zoom.value)));
    view.on(this.canvas, "keydown", (event) => this.#key(event));
    view.on(this.canvas, "pointerdown", (event) => this.#down(event));
    view.on(this.canvas, "pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) view.on(this.canvas, end, (event) => this.pointers.delete(event.pointerId));
    view.on(this.canvas, "wheel", (event) => this.#wheel(event), { passive: false });
    view.finally(() => clearTimeout(this.timer));
  }

  /** Left, upper, right and lower edge, whole pixels. */
  get box() {
    const side = Math.round(this.side);
    const x = clamp(Math.round(this.x), 0, this.picture.width - side);
    const y = clamp(Math.round(this.y), 0, this.picture.height - side);
    return [x, y, x + side, y + side];
  }

  /** Show a picture of this size, none without one. */
  show(picture, box) {
    // Our own cut comes back in whole pixels; fractions stay, so that many small steps add up.
    if (picture && picture === this.picture && !this.timer && box.every((edge, at) => edge === this.box[at])) return;
    this.picture = picture;
    this.element.hidden = !picture;
    if (!picture) return;
    this.short = Math.min(picture.width, picture.height);
    this.most = clamp(this.short / LEAST, 1, DEEPEST);
    this.zoom.max = Math.log2(this.most);
    this.zoom.disabled = this.most === 1;
    clearTimeout(this.timer);
    this.timer = 0;
    [this.x, this.y, this.side] = [box[0], box[1], box[2] - box[0]];
    this.#tell();
  }

  /** Let what was moved count now. */
  flush() {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.timer = 0;
    this.settled(this.box);
  }

  /** Draw the picture, what lies outside of the square dimmed, and the circle that round clients show. */
  paint(bitmap) {
    if (!this.picture) return;
    const ratio = globalThis.devicePixelRatio || 1;
    this.canvas.width = this.canvas.height = Math.round(STAGE * ratio);
    const draw = this.canvas.getContext("2d");
    draw.scale(ratio, ratio);
    draw.imageSmoothingQuality = "high";
    const scale = FRAME / this.side;
    if (bitmap) {
      draw.drawImage(bitmap, MARGIN - this.x * scale, MARGIN - this.y * scale, this.picture.width * scale, this.picture.height * scale);
    }
    draw.fillStyle = "rgb(20 22 26 / 62%)";
    draw.beginPath();
    draw.rect(0, 0, STAGE, STAGE);
    draw.rect(MARGIN, MARGIN, FRAME, FRAME);
    draw.fill("evenodd");
    for (const [color, width] of [["rgb(0 0 0 / 55%)", 3], ["rgb(255 255 255 / 90%)", 1]]) {
      draw.strokeStyle = color;
      draw.lineWidth = width;
      draw.strokeRect(MARGIN, MARGIN, FRAME, FRAME);
      draw.beginPath();
      draw.arc(STAGE / 2, STAGE / 2, FRAME / 2, 0, 2 * Math.PI);
      draw.stroke();
    }
  }

  #changed() {
    this.side = clamp(this.side, this.short / this.most, this.short);
    this.x = clamp(this.x, 0, this.picture.width - this.side);
    this.y = clamp(this.y, 0, this.picture.height - this.side);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), STILL);
    this.#tell();
    this.moved();
  }

  #tell() {
    const [x, y, right] = this.box;
    const zoom = this.short / this.side;
    this.zoom.value = Math.log2(zoom);
    this.zoom.setAttribute("aria-valuetext", `${zoom.toFixed(1)} times`);
    this.told.textContent = `${right - x} × ${right - x} pixels at ${x}, ${y} of ${this.picture.width} × ${this.picture.height}`;
  }

  /** Zoom to a factor; the point of the frame given in fractions stays where it is. */
  #scale(zoom, [across, down] = [0.5, 0.5]) {
    if (!this.#free) return;
    const side = clamp(this.short / zoom, this.short / this.most, this.short);
    this.x += (this.side - side) * across;
    this.y += (this.side - side) * down;
    this.side = side;
    this.#changed();
  }

  get #free() {
    return this.picture && !this.locked;
  }

  #key(event) {
    const step = this.side * (event.shiftKey ? 0.1 : 0.02);
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const zooms = { "+": 1.1, "=": 1.1, "-": 1 / 1.1, "−": 1 / 1.1 };
    if (!this.#free || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in moves) {
      this.x += moves[event.key][0] * Math.max(step, 1);
      this.y += moves[event.key][1] * Math.max(step, 1);
      this.#changed();
    } else if (event.key in zooms) {
      this.#scale((this.short / this.side) * zooms[event.key]);
    } else if (event.key === "0" || event.key === "Home") {
      this.side = this.short;
      [this.x, this.y] = [(this.picture.width - this.short) / 2, (this.picture.height - this.short) / 2];
      this.#changed();
    } else {
      return;
    }
    event.preventDefault();
  }

  #down(event) {
    if (!this.#free) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.#place(event));
  }

  #move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before || !this.#free) return;
    const now = this.#place(event);
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.pointers.set(event.pointerId, now);
    // Two fingers: each moves the picture half as far, and their distance zooms.
    const share = (this.side / FRAME) * (other ? 0.5 : 1);
    this.x -= (now[0] - before[0]) * share;
    this.y -= (now[1] - before[1]) * share;
    if (other) {
      const apart = (point) => Math.max(1, Math.hypot(point[0] - other[0], point[1] - other[1]));
      this.#scale((this.short / this.side) * (apart(now) / apart(before)));
    }
    this.#changed();
  }

  #wheel(event) {
    // Whoever scrolls past it is not to be caught: it zooms when it has the focus, and for a pinch on a touchpad.
    const focused = this.canvas.getRootNode().activeElement === this.canvas;
    if (!this.#free || !(focused || event.ctrlKey)) return;
    event.preventDefault();
    const [x, y] = this.#place(event);
    const inside = [x, y].map((place) => clamp((place - MARGIN) / FRAME, 0, 1));
    this.#scale((this.short / this.side) * 2 ** (-event.deltaY / 400), inside);
  }

  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    const scale = STAGE / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  }
}
