// Pictures of an album in a page: asked for when they are made, given back together.
import { h } from "./common.js";
import { sideFor } from "./album.js";

/** Pictures that are asked for when they are made, and given back when what shows them is drawn anew. */
export class Faces {
  constructor(view, album) {
    this.album = album;
    this.waiting = new Set();
    this.images = [];
    this.urls = new Map();
    const listener = view.guard(() => { for (const paint of [...this.waiting]) paint(); });
    album.listeners.add(listener);
    view.finally(() => {
      album.listeners.delete(listener);
      this.forget();
    });
  }

  /** An image `side` CSS pixels wide at most; the shorter side fills a square when `square`. */
  show({ number, width, height }, side, { square = false, alt = "" } = {}) {
    const [short, long] = [Math.min(width, height), Math.max(width, height)];
    const box = Math.min(side, square ? short : long); // never larger than the picture is (P84-21)
    const copy = sideFor(square ? Math.ceil(box * long / short) : box);
    const scale = box / (square ? short : long);
    const image = h("img", { alt, decoding: "async", width: square ? box : Math.round(width * scale), height: square ? box : Math.round(height * scale) });
    const paint = () => {
      const blob = this.album.get(number, copy);
      if (blob === undefined) return;
      this.waiting.delete(paint);
      if (blob === null) {
        image.replaceWith(h("span", { class: "xav-quiet", text: "cannot be shown" }));
        return;
      }
      if (!this.urls.has(blob)) this.urls.set(blob, URL.createObjectURL(blob));
      image.src = this.urls.get(blob);
      this.images.push(image);
    };
    this.waiting.add(paint);
    paint();
    return image;
  }

  forget() {
    // An image that is still being loaded would complain of an address that is no more.
    for (const image of this.images.splice(0)) image.removeAttribute("src");
    for (const url of this.urls.values()) URL.revokeObjectURL(url);
    this.urls.clear();
    this.waiting.clear();
  }
}
