// The login's page. The password leaves its field for one message, and is nowhere afterwards.
import { h, widget } from "./common.js";

function render(view) {
  const { model, body } = view;
  const start = model.get("_form");
  const field = (label, input, hint = "") => {
    input.id = `${view.uid}-${label.replaceAll(" ", "-")}`;
    const told = hint ? h("small", { class: "xav-quiet", id: `${input.id}-hint`, text: hint }) : null;
    if (told) input.setAttribute("aria-describedby", told.id);
    return h("div", { class: "xav-field" }, h("label", { for: input.id, text: label }), input, told);
  };
  const line = (type, extra = {}) => h("input", { type, spellcheck: "false", autocapitalize: "off", autocomplete: "off", ...extra });

  const name = `${view.uid}-where`;
  const way = (value, words) => {
    const input = h("input", { type: "radio", name, value });
    return [input, h("label", {}, input, words)];
  };
  const [sandboxed, sandboxLabel] = way("sandbox", "Sandbox");
  const [account, accountLabel] = way("account", "Account");
  const scenario = h("select", {}, model.get("_sandboxes").map((each) => h("option", { value: each, text: each })));
  const jid = line("text", { inputmode: "email", ".value": start.jid ?? "", placeholder: "juliet@capulet.lit" });
  const password = line("password", { autocomplete: "off" });
  const host = line("text", { ".value": start.host ?? "", placeholder: "by the address" });
  const port = line("number", { min: 1, max: 65535, ".value": start.port ?? "", placeholder: "5222" });
  const caFile = line("text", { ".value": start.ca_file ?? "", placeholder: "the system's" });
  const enter = h("button", { type: "submit", class: "xav-main", text: "Log in" });
  const leave = h("button", { type: "button", text: "Log out" });
  const who = h("b", { class: "xav-text", dir: "auto" });
  const further = h("details", { class: "xav-further", ".open": Boolean(start.host || start.port || start.ca_file) },
    h("summary", { text: "Server" }),
    h("div", { class: "xav-fields" }, field("Host", host), field("Port", port),
      field("CA file", caFile, "PEM, where the kernel runs: for a server of your own")));
  const sandboxPart = h("div", { class: "xav-fields" }, field("Scenario", scenario, "A server with a made-up cast, in this kernel: no account, no network"));
  const accountPart = h("div", {}, h("div", { class: "xav-fields" }, field("JID", jid), field("Password", password, "Not saved in the notebook")), further);
  const form = h("form", { class: "xav-form", novalidate: true, autocomplete: "off", "aria-label": "Log in" },
    h("fieldset", { class: "xav-bar" }, h("legend", { text: "Log in to" }), sandboxLabel, accountLabel), sandboxPart, accountPart, h("div", { class: "xav-bar" }, enter));
  const inside = h("div", { class: "xav-bar xav-inside", role: "status" }, h("span", { class: "xav-pill xav-good", text: "online" }), h("span", {}, "Logged in as ", who), leave);
  body.append(form, inside);

  const choose = () => {
    sandboxPart.hidden = !sandboxed.checked;
    accountPart.hidden = !account.checked;
  };
  account.checked = Boolean(start.jid) || !model.get("_sandboxes").length;
  sandboxed.checked = !account.checked;
  if (!model.get("_sandboxes").length) sandboxLabel.hidden = true;
  for (const each of [sandboxed, account]) view.on(each, "change", choose);
  choose();

  view.on(form, "submit", (event) => {
    event.preventDefault();
    if (model.get("busy")) return;
    const wishes = sandboxed.checked ? { sandbox: scenario.value } : {
      jid: jid.value, password: password.value, host: host.value, ca_file: caFile.value,
      port: port.value === "" ? null : Number(port.value),
    };
    password.value = "";
    view.send("login", wishes);
    delete wishes.password;
  });
  view.on(leave, "click", () => view.send("logout"));
  view.finally(() => { password.value = ""; });
  view.watch(["_name", "busy"], () => {
    const [within, had] = [model.get("_name"), view.root.contains(document.activeElement)];
    const turned = form.hidden !== Boolean(within);
    form.hidden = Boolean(within);
    inside.hidden = !within;
    who.textContent = within;
    enter.disabled = leave.disabled = Boolean(model.get("busy"));
    if (turned && had) (within ? leave : enter).focus();
  });
}

export default widget("login", { render });
