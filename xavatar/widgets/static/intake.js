// Ways for a picture into the publisher: a file, a drop, the clipboard, the camera, an address.
import { h } from "./common.js";

const PART = 2 * 1024 * 1024; // many servers close the connection at a message of 10 MiB
const MOST = 64 * 1024 * 1024;
const CAMERA = {
  NotAllowedError: "The browser does not let this page use the camera. Allow it in the address bar, then try again.",
  NotFoundError: "There is no camera. Choose, drop or paste a picture instead.",
  NotReadableError: "The camera cannot be used; another program may have it. Close that one, then try again.",
  SecurityError: "The camera cannot be used on this page. Choose, drop or paste a picture instead.",
};
const NO_CAMERA = "The browser offers no camera here: that takes https, or localhost. Choose, drop or paste a picture instead.";

/** The controls that bring a picture in; every picture goes to the kernel as it is, in parts. */
export class Intake {
  constructor(view) {
    this.view = view;
    this.stream = null;
    this.input = h("input", { type: "file", accept: "image/*", hidden: true });
    this.choose = h("button", { type: "button", text: "Choose a file…" });
    this.camera = h("button", { type: "button", text: "Camera" });
    this.address = h("input", { type: "url", "aria-label": "Address of a picture", placeholder: "https://… address of a picture", spellcheck: "false" });
    this.fetch = h("button", { type: "submit", text: "Fetch" });
    const form = h("form", { class: "xav-bar xav-fetch" }, this.address, this.fetch);
    form.noValidate = true;
    this.bar = h("div", { class: "xav-bar" }, this.choose, this.camera, form, this.input);
    this.drop = h("button", { type: "button", class: "xav-drop" },
      h("b", { text: "Choose a picture" }), h("span", { class: "xav-quiet", text: "or drop one here, or paste one" }));
    this.video = h("video", { playsinline: true, ".muted": true, "aria-label": "What the camera sees" });
    this.take = h("button", { type: "button", class: "xav-main", text: "Take the picture" });
    const leave = h("button", { type: "button", text: "Cancel" });
    this.filming = h("div", { class: "xav-filming", hidden: true }, this.video, h("div", { class: "xav-bar" }, this.take, leave));

    for (const opener of [this.choose, this.drop]) view.on(opener, "click", () => this.input.click());
    view.on(this.input, "change", () => {
      const [file] = this.input.files;
      this.input.value = ""; // or the same file could not be chosen again
      return this.bring(file, file?.name);
    });
    view.on(form, "submit", (event) => {
      event.preventDefault();
      if (this.locked || !this.address.value.trim()) return;
      view.tell("");
      view.send("fetch", { address: this.address.value });
    });
    view.on(this.camera, "click", () => this.#film());
    view.on(this.take, "click", () => this.#shoot());
    view.on(leave, "click", () => {
      this.#stop();
      this.camera.focus();
    });
    this.#listen();
    view.finally(() => this.#stop());
  }

  lock(locked) {
    this.locked = locked;
    for (const control of [this.choose, this.camera, this.address, this.fetch, this.drop, this.take]) control.disabled = locked;
  }

  /** Send the kernel a file. */
  async bring(file, name = "") {
    if (!file || this.locked) return;
    this.view.tell("");
    if (file.size > MOST) {
      this.view.tell(`${name || "The picture"} has more than 64 MiB. Take a smaller one.`);
      return;
    }
    const many = Math.max(1, Math.ceil(file.size / PART));
    const key = crypto.getRandomValues(new Uint32Array(2)).join("-");
    for (let part = 0; part < many; part++) {
      const bytes = await file.slice(part * PART, (part + 1) * PART).arrayBuffer();
      this.view.send("load", { file: key, part, of: many, name }, [bytes]);
    }
  }

  #listen() {
    const { view } = this;
    const carries = (event) => event.dataTransfer?.types.includes("Files");
    const over = (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      event.stopPropagation();
      view.root.classList.add("xav-over");
    };
    for (const kind of ["dragenter", "dragover"]) view.on(view.root, kind, over);
    view.on(view.root, "dragleave", (event) => {
      if (!view.root.contains(event.relatedTarget)) view.root.classList.remove("xav-over");
    });
    view.on(view.root, "drop", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      event.stopPropagation();
      view.root.classList.remove("xav-over");
      const [file] = event.dataTransfer.files;
      return this.bring(file, file?.name);
    });
    view.on(view.root, "paste", (event) => {
      const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
      if (!file) return;
      event.preventDefault();
      event.stopPropagation();
      return this.bring(file, "from the clipboard");
    });
  }

  async #film() {
    this.view.tell("");
    if (this.stream || this.locked) return;
    if (!navigator.mediaDevices?.getUserMedia) {
      this.view.tell(NO_CAMERA);
      return;
    }
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user", width: { ideal: 1280 } } });
    } catch (error) {
      this.view.tell(CAMERA[error.name] ?? `The camera cannot be used: ${error.message || error.name}.`);
      return;
    }
    if (this.view.ending.signal.aborted) {
      this.#stop();
      return;
    }
    this.video.srcObject = this.stream;
    this.filming.hidden = false;
    this.take.focus();
    await this.video.play().catch((error) => {
      if (this.stream) throw error; // otherwise it was cancelled meanwhile
    });
  }

  async #shoot() {
    const still = h("canvas", { width: this.video.videoWidth, height: this.video.videoHeight });
    if (!still.width) return;
    still.getContext("2d").drawImage(this.video, 0, 0);
    this.#stop();
    await this.bring(await new Promise((resolve) => still.toBlob(resolve, "image/png")), "from the camera");
  }

  #stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
    this.filming.hidden = true;
  }
}
