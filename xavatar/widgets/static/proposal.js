// The plan: what to know before, every step with its stanza, and how far each has come.
import { h } from "./common.js";

const MARKS = { planned: "·", "under way": "…", done: "✓", failed: "✕", skipped: "–" };
const TONES = { done: "xav-good", failed: "xav-error", skipped: "xav-warning", "under way": "xav-info" };
const ENDS = {
  done: ["xav-good", "Done: every step, and what is there was read back."],
  failed: ["xav-error", "Not everything was done. What was, and what was not, is told above."],
  stopped: ["xav-warning", "Stopped. What was done by then stays; look at what is there now, or go back."],
};

/** The panel of a plan; empty without one. */
export class Proposal {
  constructor(view) {
    this.view = view;
    this.element = h("section", { class: "xav-section xav-proposal", "aria-label": "Plan", hidden: true });
    this.marks = [];
  }

  /** Show another plan, or none. */
  show(plan) {
    this.plan = plan.number ? plan : null;
    this.element.hidden = !this.plan;
    this.marks = [];
    if (!this.plan) {
      this.element.replaceChildren();
      return;
    }
    const button = (text, type, extra = {}, content = () => ({})) => {
      const made = h("button", { type: "button", text, ...extra });
      this.view.on(made, "click", () => this.view.send(type, content()));
      return made;
    };
    const kind = plan.act === "wipe" ? "xav-danger" : "xav-main";
    this.confirm = button(plan.confirm, "confirm", { class: kind }, () => ({ number: plan.number }));
    this.cancel = button("Cancel", "cancel");
    this.stop = button("Stop", "stop");
    this.end = h("p", { role: "status", class: "xav-end" });
    this.heading = h("h4", { tabindex: -1, text: plan.title });
    this.element.replaceChildren(...[
      this.heading, this.#cautions(),
      plan.steps.length ? h("ol", { class: "xav-steps" }, plan.steps.map((step) => this.#step(step))) : h("p", { class: "xav-quiet", text: "There is nothing to do." }),
      h("div", { class: "xav-bar" }, this.confirm, this.cancel, this.stop), this.end,
    ].filter(Boolean));
  }

  /** Show how far it has come. */
  progress(steps, phase) {
    if (!this.plan) return;
    const focused = this.view.root.getRootNode().activeElement;
    steps.forEach(([state, detail, took], at) => this.marks[at]?.(state, detail, took));
    this.confirm.hidden = this.cancel.hidden = phase !== "planned";
    this.confirm.disabled = !this.plan.possible || !this.plan.steps.length;
    this.stop.hidden = phase !== "running";
    if ([this.confirm, this.cancel, this.stop].includes(focused) && focused.hidden) (this.stop.hidden ? this.heading : this.stop).focus();
    const [tone, words] = ENDS[phase] ?? ["", phase === "planned" && !this.plan.possible ? "This cannot be carried out." : ""];
    this.end.className = `xav-end ${tone}`;
    this.end.textContent = words;
  }

  #cautions() {
    if (!this.plan.cautions.length) return null;
    return h("ul", { class: "xav-cautions" }, this.plan.cautions.map(([rule, severity, words]) =>
      h("li", {}, h("span", { class: `xav-pill xav-${severity}`, text: `${severity} ${rule}` }), " ", h("span", { dir: "auto", text: words }))));
  }

  #step({ words, stanza }) {
    const mark = h("span", { class: "xav-state", role: "img" });
    const told = h("span", { class: "xav-quiet xav-text", dir: "auto" });
    this.marks.push((state, detail, took) => {
      mark.className = `xav-state ${TONES[state] ?? "xav-quiet"}`;
      mark.textContent = MARKS[state] ?? state;
      mark.setAttribute("aria-label", state);
      told.textContent = [detail, took].filter(Boolean).join(" · ");
      told.classList.toggle("xav-error", state === "failed");
    });
    return h("li", {}, h("div", { class: "xav-step" }, mark, h("span", { text: words }), told),
      stanza.length ? h("details", {}, h("summary", { text: "Stanza" }),
        h("pre", { class: "xav-xml", tabindex: 0, "aria-label": `Stanza: ${words}` }, stanza.map(([kind, text]) => (kind ? h("span", { class: `xav-xml-${kind}`, text }) : text)))) : null);
  }
}
