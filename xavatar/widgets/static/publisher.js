// The publisher's page: from a picture to an avatar that was read back.
import { h, widget } from "./common.js";
import { Album } from "./album.js";
import { Bitmaps, Preview } from "./preview.js";
import { Crop } from "./crop.js";
import { Intake } from "./intake.js";
import { Proposal } from "./proposal.js";

const PROOF = 1024;
const MADE = 512;
const ROOM = "Everybody who may ask the room sees it, without being in it.";
const SETTINGS = ["crop", "access_model", "size", "large", "vcard"];
const SIZES = [512, 256, 192, 128, 96, 64];

function render(view, album) {
  const { model, body, uid } = view;
  const intake = new Intake(view);
  const preview = new Preview();
  const proposal = new Proposal(view);
  const bitmaps = new Bitmaps(view, album, () => paint());
  const crop = new Crop(view, { moved: () => paint(), settled: (box) => view.set("crop", box) });
  let asked = null; // what has the focus back when the plan it asked for is gone
  let waiting = false; // whether that plan is still to come

  const button = (text, type, content = {}, extra = {}) => {
    const made = h("button", { type: "button", text, ...extra });
    view.on(made, "click", () => {
      [asked, waiting] = [made, type !== "refresh"];
      crop.flush();
      view.act(type, content, crop.picture ? SETTINGS : SETTINGS.slice(1));
    });
    return made;
  };
  const review = button("Review the plan", "review", {}, { class: "xav-main" });
  const refresh = button("Refresh", "refresh");
  const undo = button("Undo", "undo");
  const off = button("Switch off…", "remove", { wipe: false });
  const wipe = button("Wipe…", "remove", { wipe: true });

  const account = h("span", { class: "xav-text xav-quiet", dir: "auto" });
  const now = h("div", { class: "xav-now" });
  const name = h("span", { class: "xav-quiet xav-cut xav-text xav-named", dir: "auto" });
  const consequence = h("p", { id: `${uid}-consequence`, class: "xav-quiet" });
  const room = model.get("_room");
  const access = h("select", { "aria-describedby": consequence.id });
  const sides = h("select", {});
  const large = h("input", { type: "checkbox" });
  const vcard = h("input", { type: "checkbox" });
  const made = h("div", { class: "xav-made" });
  const ladder = h("div", { class: "xav-scroll" });
  const settings = [access, sides, large, vcard];
  const chosen = h("div", { class: "xav-section", hidden: true },
    h("div", { class: "xav-bar" },
      h("label", { hidden: room }, "Who may see it", access), h("label", {}, "Pixels", sides),
      h("label", { hidden: room, title: "Uploaded to your server, and announced by its address (XEP-0363)" }, large, "a large one too, 512 pixels"),
      h("label", { hidden: room, title: "Needed where the server does not do it itself (XEP-0398); the plan tells" }, vcard, "the vCard's photo too")),
    consequence, made, h("details", {}, h("summary", { text: "Sizes, and whose limits they keep" }), ladder),
    h("div", { class: "xav-bar xav-go" }, review));
  off.hidden = room;
  body.append(
    h("header", { class: "xav-top" }, h("div", { class: "xav-owner" }, h("h3", { text: room ? "Publish the avatar of a room" : "Publish an avatar" }), account, now),
      h("div", { class: "xav-bar" }, refresh, undo, off, wipe)),
    h("div", { class: "xav-section" }, intake.bar, name),
    h("div", { class: "xav-desk" }, h("div", { class: "xav-work" }, intake.drop, crop.element, intake.filming), preview.element),
    chosen, proposal.element);
  view.on(access, "change", () => view.set("access_model", access.value));
  view.on(sides, "change", () => view.set("size", Number(sides.value)));
  view.on(large, "change", () => view.set("large", large.checked));
  view.on(vcard, "change", () => view.set("vcard", vcard.checked));

  const fresh = () => {
    const { crop: of } = model.get("_made");
    return Boolean(of) && crop.picture !== null && crop.box.every((edge, at) => edge === of[at]);
  };

  function paint() {
    const [there, source, result] = ["_now", "_source", "_made"].map((trait) => model.get(trait));
    bitmaps.keep([there.picture, source.picture, result.picture]);
    const old = bitmaps.get(there.picture, MADE);
    preview.show("now", Boolean(old));
    if (old) {
      const side = Math.min(old.width, old.height);
      preview.paint("now", old, [(old.width - side) / 2, (old.height - side) / 2, side], Math.min(there.width, there.height));
    }
    const proof = crop.picture && bitmaps.get(source.picture, PROOF);
    const file = crop.picture && fresh() && bitmaps.get(result.picture, MADE);
    crop.paint(proof);
    preview.show("new", Boolean(proof));
    preview.element.hidden = !there.there && !crop.picture;
    if (file) {
      preview.paint("new", file, [0, 0, file.width], result.width);
    } else if (proof) {
      const [x, y, right] = crop.box;
      const scale = proof.width / source.width;
      preview.paint("new", proof, [x * scale, y * scale, (right - x) * scale], Math.min(right - x, model.get("size")));
    }
    made.classList.toggle("xav-stale", !fresh());
  }

  function tellNow() {
    const { lines = ["Asking what is there…"], access: model_ } = model.get("_now");
    now.replaceChildren(...[...lines, model_ ? `Access model ${model_}` : null].filter(Boolean).map((words) => h("div", { class: "xav-text", dir: "auto", text: words })));
    tellAccess();
    paint();
  }

  function tellAccess() {
    const words = model.get("_access");
    const current = model.get("_now").access;
    const labels = { "": current ? `as it is: ${current}` : "as it is" };
    access.replaceChildren(...Object.keys(words).map((value) => h("option", { value, text: labels[value] ?? value })));
    access.value = model.get("access_model");
    consequence.textContent = room ? ROOM : words[model.get("access_model") || (current in words ? current : "")];
  }

  function tellMade() {
    const { width, height, bytes, sha1, why, uploads = [], limits = [], rungs = [] } = model.get("_made");
    made.replaceChildren(...(sha1 ? [
      h("div", {}, h("b", { text: `${width} × ${height} · ${bytes}` }), h("span", { class: "xav-quiet", text: ` PNG · SHA-1 ${sha1}` })),
      h("div", { class: "xav-quiet", text: why }),
      ...uploads.map((words) => h("div", { class: "xav-quiet", text: `To upload: ${words}` })),
    ] : [h("span", { class: "xav-quiet", text: "Nothing was made of it yet." })]));
    const head = ["pixels", "bytes", "Base64", "colours"].map((text) => h("th", { scope: "col", text }));
    ladder.replaceChildren(h("table", { class: "xav-rungs" },
      h("thead", {}, h("tr", {}, h("td"), head, limits.map(([text, title]) => h("th", { scope: "col", text, title })))),
      h("tbody", {}, rungs.map((rung) => h("tr", { class: rung.chosen ? "xav-rung" : "" },
        h("td", { text: rung.chosen ? "→" : "", "aria-label": rung.chosen ? "chosen" : null }),
        [rung.pixels, rung.bytes, rung.base64, rung.colors].map((text) => h("td", { text })),
        rung.keeps.map((kept) => h("td", { class: kept ? "xav-good" : "xav-error", text: kept ? "keeps" : "exceeds" })))))));
    lock();
    paint();
  }

  function tellSource() {
    const source = model.get("_source");
    intake.drop.hidden = source.picture >= 0;
    chosen.hidden = !(source.picture >= 0);
    name.textContent = source.name ?? "";
    take();
    tellNow();
  }

  /** Take the cut that the kernel knows, as when it was made in another view. */
  function take() {
    const [source, box] = [model.get("_source"), model.get("crop")];
    const known = source.picture >= 0 && box.length === 4;
    if (known && crop.timer && crop.picture === source) return;
    crop.show(known ? source : null, box);
    paint();
  }

  function lock() {
    const running = model.get("_phase") === "running";
    intake.lock(running);
    crop.locked = running;
    for (const control of [...settings, refresh, off, wipe]) control.disabled = running;
    review.disabled = running || !model.get("_source").width;
    undo.disabled = running || !model.get("_undo");
    undo.title = model.get("_undo") || "Nothing was replaced yet";
  }

  view.watch(["_account"], () => { account.textContent = model.get("_account"); });
  view.watch(["size"], () => {
    const all = [...new Set([...SIZES, model.get("size")])].sort((a, b) => b - a);
    sides.replaceChildren(...all.map((value) => h("option", { value, text: value })));
    sides.value = model.get("size");
  });
  view.watch(["large"], () => { large.checked = model.get("large"); });
  view.watch(["vcard"], () => { vcard.checked = model.get("vcard"); });
  view.watch(["_source"], tellSource);
  view.watch(["crop"], take);
  view.watch(["_now"], tellNow);
  view.watch(["access_model"], tellAccess);
  view.watch(["_made"], tellMade);
  view.watch(["_plan"], () => {
    const held = proposal.element.contains(view.root.getRootNode().activeElement);
    proposal.show(model.get("_plan"));
    if (proposal.plan && waiting) {
      waiting = false;
      proposal.heading.focus();
    } else if (held) {
      (asked?.disabled === false ? asked : refresh).focus();
    }
  });
  view.watch(["_steps", "_phase"], () => {
    proposal.progress(model.get("_steps"), model.get("_phase"));
    lock();
  });
  view.watch(["_undo"], lock);
}

export default widget("publisher", { share: (model) => new Album(model), render });
