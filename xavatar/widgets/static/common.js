// What all widgets share. Text from the wire gets into the page by `h` only, as text nodes and attributes.

/** Make an element: attributes, `class`, `text`, and properties after a dot; children after that. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") element.textContent = value;
    else if (name.startsWith(".")) element[name.slice(1)] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** The bytes of a message's buffer: front ends give views of various kinds. */
export function bytesOf(buffer) {
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer)
    : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** "1 contact", "2,000 contacts". */
export function count(number, noun, plural = `${noun}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? noun : plural}`;
}

/** "812 bytes", "71.4 KiB". */
export function size(bytes) {
  if (bytes < 1024) return count(bytes, "byte");
  const [value, unit] = bytes < 1024 * 1024 ? [bytes / 1024, "KiB"] : [bytes / 1024 / 1024, "MiB"];
  return `${value.toFixed(1).replace(/\.0$/, "")} ${unit}`;
}

let labels = 0;

/** One view of a model: an element, listeners that end with it, and a place for bad news. */
export class View {
  constructor(model, element, name) {
    this.model = model;
    this.ending = new AbortController();
    this.cleanups = [];
    this.uid = `xav-${++labels}`;
    this.notice = h("div", { class: "xav-notice", role: "alert", hidden: true });
    this.busy = h("div", { class: "xav-busy", role: "status", hidden: true });
    this.body = h("div", { class: "xav-body" });
    this.root = h("section", { class: `xav xav-${name}` }, this.notice, this.body, this.busy);
    element.append(this.root);
    // JupyterLab listens for keys on the document, in command mode for every letter.
    this.root.dataset.lmSuppressShortcuts = "true";
    this.on(this.root, "keydown", (event) => event.stopPropagation());
    this.watch(["problem"], () => this.tell(model.get("problem")));
    this.watch(["busy"], () => {
      this.busy.textContent = model.get("busy");
      this.busy.hidden = !model.get("busy");
    });
    const lost = "The kernel has gone or was restarted: this is what was seen last. Run the cell again.";
    this.hear("comm_live_update", () => this.tell(lost));
  }

  /** Listen to an element for as long as the view lives; what goes wrong is shown in it. */
  on(target, event, handler, options = {}) {
    target.addEventListener(event, this.guard(handler), { ...options, signal: this.ending.signal });
  }

  /** Listen to the model for as long as the view lives. */
  hear(event, handler) {
    const guarded = this.guard(handler);
    this.model.on(event, guarded);
    this.cleanups.push(() => this.model.off(event, guarded));
  }

  /** Call now, and whenever one of these traits changes. */
  watch(traits, handler) {
    for (const trait of traits) this.hear(`change:${trait}`, handler);
    this.guard(handler)();
  }

  /** Call when the view ends. */
  finally(cleanup) {
    this.cleanups.push(cleanup);
  }

  set(trait, value) {
    this.model.set(trait, value);
    this.model.save_changes();
  }

  send(type, content = {}, buffers = []) {
    this.model.send({ type, ...content }, undefined, buffers);
  }

  /** Send what was clicked with what the page says of these traits: front ends let messages overtake state. */
  act(type, content, traits) {
    this.send(type, { ...content, state: Object.fromEntries(traits.map((trait) => [trait, this.model.get(trait)])) });
  }

  guard(handler) {
    return (...values) => {
      try {
        const outcome = handler(...values);
        if (outcome instanceof Promise) return outcome.catch((error) => this.fail(error));
        return outcome;
      } catch (error) {
        return this.fail(error);
      }
    };
  }

  fail(error) {
    console.error(error);
    this.tell(`The page's part of the widget failed: ${error?.message ?? error}`);
  }

  /** Show bad news until they are dismissed; none hides them. */
  tell(words) {
    this.notice.hidden = !words;
    this.notice.replaceChildren();
    if (!words) return;
    const dismiss = h("button", { type: "button", class: "xav-dismiss", "aria-label": "Dismiss", text: "✕" });
    dismiss.addEventListener("click", () => this.tell(""));
    this.notice.append(h("span", { text: words }), dismiss);
  }

  end() {
    this.ending.abort();
    for (const cleanup of this.cleanups.splice(0).reverse()) cleanup();
    this.root.remove();
  }
}

/**
 * The default export of a widget's module. `share` makes what all views of one model have in common and may return
 * an object with `end`; `render` fills a View.
 */
export function widget(name, { share = () => ({}), render }) {
  return () => {
    // The proxies that initialize and render get differ, so what belongs to the model is kept here.
    let shared = null;
    return {
      initialize({ model }) {
        shared = share(model);
        return () => shared.end?.();
      },
      render({ model, el }) {
        const view = new View(model, el, name);
        view.guard(() => render(view, shared))();
        return () => view.end();
      },
    };
  };
}
