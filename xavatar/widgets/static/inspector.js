// The inspector's page: one avatar as clients would show it, and everything that is said of it.
import { bytesOf, h, widget } from "./common.js";
import { Album } from "./album.js";
import { Faces } from "./faces.js";

const SIZES = [32, 48, 96];
const LARGEST = 256;

function render(view, album) {
  const { model, body } = view;
  const faces = new Faces(view, album);
  let picture = -1; // which one of several the ladder shows
  let unfolded = false; // whether the stanzas are
  const button = (text, type, extra = {}) => {
    const made = h("button", { type: "button", text, ...extra });
    view.on(made, "click", () => view.send(type, type === "save" ? { number: picture } : {}));
    return made;
  };
  const refresh = button("Refresh", "refresh");
  const diagnose = button("Diagnose", "diagnose");
  const save = button("Save image", "save");
  const content = h("div", { class: "xav-sheet" });
  const actions = h("div", { class: "xav-bar xav-actions" }, refresh, diagnose, save);
  body.append(content);

  function draw(sheet) {
    faces.forget();
    if (!(picture in sheet.pictures)) picture = sheet.picture in sheet.pictures ? sheet.picture : -1;
    save.disabled = picture < 0;
    content.replaceChildren(
      head(sheet), ladder(sheet), sources(sheet), findings(sheet), diagnosis(sheet), exchanges(sheet),
    );
  }

  const text = (words, kind = "") => h("span", { class: `xav-text ${kind}`, dir: "auto", text: words });

  const hexadecimal = (words) => (/^[0-9a-f]{40}$/i.test(words) ? "xav-hex" : "");

  function head(sheet) {
    const shown = sheet.pictures[picture];
    const face = shown
      ? faces.show({ number: picture, ...shown }, 96, { alt: `avatar of ${sheet.label}` })
      : h("span", { class: "xav-letter", role: "img", "aria-label": `no avatar of ${sheet.label} to show`, text: sheet.letter });
    if (!shown) face.style.background = sheet.color;
    return h("header", { class: "xav-head" },
      h("div", { class: "xav-portrait" }, face),
      h("div", { class: "xav-who" },
        h("h3", {}, text(sheet.label)),
        h("div", {}, text(sheet.jid, "xav-address xav-quiet")),
        h("div", { class: "xav-bar" },
          h("span", { class: "xav-pill", text: sheet.verdict }), h("span", { class: "xav-quiet", text: sheet.kind }),
          sheet.about.map(([name, value]) => h("span", { class: "xav-quiet" }, `${name}: `, text(value)))),
        h("div", { class: "xav-quiet", text: `seen ${sheet.observed}` })),
      actions);
  }

  function ladder(sheet) {
    const shown = sheet.pictures[picture];
    if (!shown) return null;
    const entry = { number: picture, ...shown };
    const several = Object.keys(sheet.pictures);
    const pick = several.length < 2 ? null : h("div", { class: "xav-bar", role: "group", "aria-label": "Which picture" },
      several.map((number) => {
        const one = h("button", { type: "button", "aria-pressed": String(Number(number) === picture), text: sheet.pictures[number].sources.join(" + ") });
        view.on(one, "click", () => { picture = Number(number); draw(sheet); });
        return one;
      }));
    const native = Math.max(shown.width, shown.height) <= LARGEST ? "native" : LARGEST;
    const short = Math.min(shown.width, shown.height);
    const row = (ground, shape) => h("tr", { class: `xav-${shape}` },
      SIZES.map((side) => h("td", {}, faces.show(entry, side, { square: true, alt: `${shape}, ${side} pixels, on ${ground}` }))),
      shape === "square" ? h("td", { rowspan: 2 }, faces.show(entry, LARGEST, { alt: `whole picture, on ${ground}` })) : null);
    const panel = (ground) => h("div", { class: `xav-ground xav-on-${ground}`, role: "group", "aria-label": `On ${ground}` },
      h("table", { class: "xav-ladder" },
        h("thead", {}, h("tr", {}, [...SIZES, native].map((side) => h("th", { scope: "col", text: side })))),
        h("tbody", {}, row(ground, "square"), row(ground, "round"))));
    const words = [`${shown.width} × ${shown.height} pixels`, short < SIZES.at(-1) ? "never scaled up" : null, `from ${shown.sources.join(" and ")}`];
    return h("section", { class: "xav-part", "aria-label": "How it looks" }, pick,
      h("div", { class: "xav-grounds" }, panel("light"), panel("dark")),
      h("div", { class: "xav-quiet", text: words.filter(Boolean).join(", ") }));
  }

  function sources(sheet) {
    return h("section", { class: "xav-part xav-sources", "aria-label": "Sources" }, sheet.sources.map((source) =>
      h("div", { class: "xav-source" }, h("h4", { text: source.name }),
        source.lines.length ? source.lines.map((line) => answer(sheet, line)) : h("p", { class: "xav-quiet", text: "not asked" }))));
  }

  function answer(sheet, line) {
    const shown = sheet.pictures[line.picture];
    const agrees = line.agrees === null ? null
      : h("span", { class: `xav-pill ${line.agrees ? "xav-good" : "xav-warning"}`, text: line.agrees ? "agrees" : "differs" });
    const facts = line.facts.length ? h("table", { class: "xav-facts" },
      h("thead", {}, h("tr", {}, h("td"), h("th", { scope: "col", text: "declared" }), h("th", { scope: "col", text: "real" }))),
      h("tbody", {}, line.facts.map(([name, declared, real, wrong]) => h("tr", {},
        h("th", { scope: "row", text: name }), h("td", {}, text(declared, hexadecimal(declared))),
        h("td", { class: wrong ? "xav-error" : "" }, text(real, hexadecimal(real)), wrong ? h("span", { text: " ✕", "aria-label": "contradicts" , role: "img" }) : null))))) : null;
    return h("div", { class: "xav-answer" },
      h("div", { class: "xav-bar" },
        shown ? faces.show({ number: line.picture, ...shown }, 48, { alt: "the picture of this source" }) : null,
        h("span", { class: `xav-pill ${line.good ? "xav-good" : ""}`, text: line.status }), agrees,
        line.took ? h("span", { class: "xav-quiet", text: line.took }) : null),
      line.detail.length ? h("div", { class: "xav-quiet" }, line.detail.map((words, at) => [at ? " · " : "", text(words)]).flat()) : null,
      facts);
  }

  function findings(sheet) {
    return h("section", { class: "xav-part", "aria-label": "Findings" }, h("h4", { text: "Findings" }),
      sheet.findings.length ? h("ul", { class: "xav-findings" }, sheet.findings.map((each) => h("li", {},
        h("div", { class: "xav-bar" }, h("span", { class: `xav-pill xav-${each.severity}`, text: each.severity }),
          h("b", { text: each.rule }), h("span", { text: each.title }), h("span", { class: "xav-quiet", text: [each.source, each.reference].filter(Boolean).join(" · ") })),
        h("div", {}, text(each.message)), h("div", { class: "xav-quiet" }, text(each.advice)))))
        : h("p", { class: "xav-quiet", text: "None." }));
  }

  function diagnosis(sheet) {
    const told = sheet.diagnosis;
    if (!told) return null;
    const tone = { "sees it": "xav-good", "sees none": "xav-error" };
    return h("section", { class: "xav-part", "aria-label": "Diagnosis" }, h("h4", { text: "Diagnosis" }),
      h("p", {}, h("b", { text: told.verdict })),
      h("ul", {}, told.views.map(([who, sight, because]) => h("li", {}, `${who} `, h("span", { class: `xav-pill ${tone[sight] ?? "xav-warning"}`, text: sight }), " ", text(because)))),
      told.steps.length ? [h("h4", { text: "What to do" }), h("ol", {}, told.steps.map((step) => h("li", {}, text(step))))] : null,
      told.facts.length ? h("ul", { class: "xav-quiet" }, told.facts.map((words) => h("li", {}, text(words)))) : null);
  }

  function exchanges(sheet) {
    if (!sheet.exchanges.length) return null;
    const folder = h("details", { open: unfolded },
      h("summary", { text: `${sheet.exchanges.length} questions and answers, as they went over the wire` }),
      sheet.exchanges.map(({ step, status, took, stanzas }) => h("div", {},
        h("div", { class: "xav-bar" }, h("b", { text: step }), h("span", { class: "xav-pill", text: status }), h("span", { class: "xav-quiet", text: took })),
        stanzas.map((pieces) => h("pre", { class: "xav-xml", tabindex: 0 }, pieces.map(([kind, words]) => h("span", { class: kind ? `xav-xml-${kind}` : null, text: words })))))));
    view.on(folder.firstChild, "click", () => { unfolded = !folder.open; }); // it opens after this
    return h("section", { class: "xav-part", "aria-label": "Stanzas" }, folder);
  }

  function keep(message, buffers) {
    if (message?.type !== "file") return;
    // A stranger's file: never shown by the page, only saved, and as nothing in particular.
    const url = URL.createObjectURL(new Blob([bytesOf(buffers[0])], { type: "application/octet-stream" }));
    h("a", { href: url, download: message.name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }

  view.hear("msg:custom", keep);
  view.watch(["_live"], () => {
    refresh.disabled = !model.get("_live");
    refresh.title = refresh.disabled ? "Needs a session: s.inspector(jid)" : "Ask the server anew";
  });
  view.watch(["_can_diagnose"], () => { diagnose.disabled = !model.get("_can_diagnose"); });
  view.watch(["_sheet"], () => { if (model.get("_sheet").jid) draw(model.get("_sheet")); });
}

export default widget("inspector", { share: (model) => new Album(model), render });
