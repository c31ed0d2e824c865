"""A blank page with a widget's own module on one side and its real Python class on the other.

Between them goes what would go over a kernel's comm: every message that the class publishes is
kept for the page, every message of the page is handed to the class. Only the front end's model
is ours, some 50 lines of it. As that of ipywidgets it has one change of state under way at a time, and other messages
overtake those that wait.
"""

from __future__ import annotations

import base64
import json
import queue
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from anywidget._util import remove_buffers
from comm.base_comm import BaseComm
from playwright.sync_api import Page

Theme = Literal["light", "dark", "bare"]
Threads = Literal["main", "subshell"]

_THEMES = Path(sys.prefix, "share/jupyter/lab/themes/@jupyterlab")

FRONT_END = """
(() => {
  const models = {}, early = {};
  const text = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  const bytes = (buffer) => buffer instanceof ArrayBuffer ? new Uint8Array(buffer)
    : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  const view = (word) => new DataView(Uint8Array.from(atob(word), (letter) => letter.charCodeAt(0)).buffer);
  const send = (id, data, buffers = []) => pySend(id, JSON.stringify(data), buffers.map((one) => text(bytes(one))));

  const put = (state, paths, buffers) => paths.forEach((path, at) => {
    path.slice(0, -1).reduce((place, key) => place[key], state)[path.at(-1)] = view(buffers[at]);
  });

  class Model {
    constructor(id, state) { Object.assign(this, { id, state, listeners: {}, changed: {}, waiting: {}, busy: false }); }
    get(name) { return this.state[name]; }
    set(name, value) { this.state[name] = value; this.changed[name] = value; this.emit(`change:${name}`, value); }
    save_changes() {
      Object.assign(this.waiting, this.changed);
      this.changed = {};
      return this.flush();
    }
    async flush() {
      const state = this.waiting;
      if (this.busy || !Object.keys(state).length) return;
      [this.waiting, this.busy] = [{}, true];
      await send(this.id, { method: "update", state, buffer_paths: [] });
      this.busy = false;
      await this.flush();
    }
    send(content, _, buffers) { send(this.id, { method: "custom", content }, buffers); }
    on(event, handler) { (this.listeners[event] ??= []).push(handler); }
    off(event, handler) { this.listeners[event] = (this.listeners[event] ?? []).filter((one) => one !== handler); }
    emit(event, ...values) { for (const handler of [...(this.listeners[event] ?? [])]) handler(...values); }
    handle(kind, data, buffers) {
      if (kind === "comm_close") { this.end(); return; }
      if (data.method === "custom") this.emit("msg:custom", data.content, buffers.map(view));
      else if (data.method === "update") put(data.state, data.buffer_paths, buffers);
      if (data.method === "update") for (const [name, value] of Object.entries(data.state)) {
        this.state[name] = value;
        this.emit(`change:${name}`, value);
      }
    }
    // As anywidget does it: initialize and render get proxies of their own.
    proxy() {
      return { get: (n) => this.get(n), set: (n, v) => this.set(n, v), save_changes: () => this.save_changes(),
        send: (c, k, b) => this.send(c, k, b), on: (e, h) => this.on(e, h), off: (e, h) => this.off(e, h) };
    }
    async open(source) {
      const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
      const module = await import(url);
      URL.revokeObjectURL(url);
      this.kind = typeof module.default === "function" ? await module.default() : module.default;
      this.views = [];
      this.ended = await this.kind.initialize?.({ model: this.proxy() });
    }
    async render(element) {
      this.views.push(await this.kind.render({ model: this.proxy(), el: element }));
    }
    end() {
      for (const view of this.views.splice(0)) view?.();
      this.ended?.();
      delete models[this.id];
    }
  }

  // Object URLs are counted: those that are not revoked are a leak.
  const [create, revoke] = [URL.createObjectURL, URL.revokeObjectURL];
  const live = new Set();
  URL.createObjectURL = (blob) => { const url = create.call(URL, blob); live.add(url); return url; };
  URL.revokeObjectURL = (url) => { live.delete(url); revoke.call(URL, url); };

  window.notebook = {
    models, live, unrevoked: () => live.size,
    async open(id, source, state, paths, buffers) {
      put(state, paths, buffers);
      const model = new Model(id, state);
      await model.open(source);
      models[id] = model;
      for (const message of early[id]?.splice(0) ?? []) model.handle(...message);
    },
    async show(id, selector) { await models[id].render(document.querySelector(selector)); },
  };
  const take = async () => {
    for (const [id, ...message] of JSON.parse(await pyTake())) {
      if (models[id]) models[id].handle(...message);
      else (early[id] ??= []).push(message);  // its module is still being loaded
    }
    setTimeout(take, 10);
  };
  take();
})();
"""


class Link(BaseComm):
    """The kernel's end of a comm whose other end is a page."""

    outbox: queue.SimpleQueue[tuple[str, str, Any, list[str]]]

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **keys: Any
    ) -> None:
        if msg_type != "comm_open":
            words = [base64.b64encode(buffer).decode() for buffer in buffers or ()]
            self.outbox.put((self.comm_id, msg_type, data, words))


class Blank:
    """A page that plays the front end.

    Parameters
    ----------
    page : Page
    outbox : queue.SimpleQueue
        Where links put what is for the page.
    threads : {"main", "subshell"}
        Where handlers run: on the main thread, or as ipykernel 7 has it, on another one.
    theme : {"light", "dark", "bare"}
        JupyterLab's own colours, or none, as in other front ends.
    """

    def __init__(
        self, page: Page, outbox: queue.SimpleQueue[Any], threads: Threads = "main", theme: Theme = "light"
    ) -> None:
        self.page = page
        self.requests: list[str] = []
        self.failures: list[str] = []
        self.bytes_sent = 0
        self._outbox = outbox
        self._widgets: dict[str, Any] = {}
        self._views = 0
        self._subshell = ThreadPoolExecutor(1, thread_name_prefix="subshell") if threads == "subshell" else None
        page.on("pageerror", lambda error: self.failures.append(str(error)))
        page.on("console", lambda told: self.failures.append(told.text) if told.type == "error" else None)
        page.on("request", lambda request: self._note(request.url))
        page.expose_function("pySend", self._from_page)
        page.expose_function("pyTake", self._to_page)
        page.set_content(f"<!doctype html><html lang=en><title>Widgets</title>{dress(theme)}<main></main></html>")
        page.evaluate(FRONT_END)

    def show(self, widget: Any, width: int = 900) -> str:
        """Show a widget, once more when it is shown already; returns the view's selector."""
        self._views += 1
        if widget.model_id not in self._widgets:
            self._widgets[widget.model_id] = widget
            self._forget(widget.model_id)
            state, paths, buffers = remove_buffers({**widget.get_state(), "layout": None})
            self.page.evaluate(
                "css => document.head.append(Object.assign(document.createElement('style'), {textContent: css}))",
                state["_css"],
            )
            words = [base64.b64encode(buffer).decode() for buffer in buffers]
            self.page.evaluate("(all) => notebook.open(...all)", [widget.model_id, state["_esm"], state, paths, words])
        selector = f"#view{self._views}"
        self.page.evaluate(
            """([name, width]) => document.querySelector('main').append(
               Object.assign(document.createElement('div'), {id: name, style: `width:${width}px;margin:8px`}))""",
            [selector[1:], width],
        )
        self.page.evaluate("([id, selector]) => notebook.show(id, selector)", [widget.model_id, selector])
        return selector

    def until(self, true: Callable[[], bool], what: str, timeout: float = 30.0) -> None:
        """Let the page run until something is true in Python."""
        for _ in range(int(timeout / 0.02)):
            if true():
                return
            self.page.evaluate("() => new Promise((resolve) => setTimeout(resolve, 20))")
        raise AssertionError(f"not within {timeout} s: {what}")

    def end(self) -> None:
        """Give back what the page took, and complain of what went wrong in it."""
        for widget in self._widgets.values():
            widget.close()
        self.page.close()
        if self._subshell is not None:
            self._subshell.shutdown()
        assert not self.failures, self.failures
        assert not self.requests, f"the widgets asked the network: {self.requests}"

    def _forget(self, model: str) -> None:
        """Drop what was told before anybody looked: the state holds it."""
        for _ in range(self._outbox.qsize()):
            told = self._outbox.get()
            if told[0] != model:
                self._outbox.put(told)

    def _note(self, url: str) -> None:
        if not url.startswith(("blob:", "data:", "about:")):
            self.requests.append(url)

    def _from_page(self, model: str, data: str, buffers: list[str]) -> None:
        widget = self._widgets[model]
        message = {
            "content": {"data": json.loads(data)},
            "buffers": [memoryview(base64.b64decode(word)) for word in buffers],
        }
        if widget.closed:
            return
        if self._subshell is None:
            widget.comm.handle_msg(message)
        else:
            self._subshell.submit(widget.comm.handle_msg, message).add_done_callback(self._settled)

    def _settled(self, done: Any) -> None:
        if error := done.exception():
            self.failures.append(repr(error))

    def _to_page(self) -> str:
        messages = []
        with suppress(queue.Empty):
            while True:
                messages.append(self._outbox.get_nowait())
        self.bytes_sent += sum(len(word) * 3 // 4 for *_, words in messages for word in words)
        return json.dumps(messages)


def dress(theme: Theme) -> str:
    """Return what JupyterLab puts around a widget: its colours, and the mark of its theme."""
    if theme == "bare":
        return "<body>"
    css = (_THEMES / f"theme-{theme}-extension" / "index.css").read_text(encoding="utf-8")
    light = "true" if theme == "light" else "false"
    return f"<style>{css} body {{background: var(--jp-layout-color0)}}</style><body data-jp-theme-light={light}>"
