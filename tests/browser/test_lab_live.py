"""Monitor, trace viewer and login in a real JupyterLab; above all what a saved notebook holds of a login."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.axe import faults
from tests.browser.lab import Lab, Notebook

Open = Callable[..., Notebook]
WORD = "wherefore-art-thou-9317"
PAIR = """
import xavatar as xa
s = xa.connect(sandbox="pair")
other = next(jid for jid in s.sandbox.logins if not s.jid.startswith(jid))
o = xa.connect(other, sandbox=s.sandbox)
def png(color):
    import io
    from PIL import Image
    Image.new("RGB", (96, 96), color).save(out := io.BytesIO(), "PNG")
    return out.getvalue()
o.publish(png("teal"))
"""


@pytest.fixture
def saving(lab: Lab) -> None:
    """Let notebooks be saved with the state of their widgets."""
    settings = lab.folder.parent / "jupyterlab_settings_dir/@jupyter-widgets/jupyterlab-manager"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "plugin.jupyterlab-settings").write_text('{"saveState": true}')


def test_a_saved_notebook_holds_no_password(notebook: Open, saving: None) -> None:
    """As JupyterLab saves it, with the state of its widgets: after a refused password and after the right one."""
    # Backwards, so that the word itself stands in no cell.
    setup = f"""
import xavatar as xa
from dataclasses import replace
from xavatar.sandbox import Sandbox
from xavatar.sandbox.load import load
scenario, word = load("pair"), {WORD[::-1]!r}[::-1]
cast = [replace(each, password=word) if each.jid == scenario.user else each for each in scenario.accounts]
box = Sandbox(replace(scenario, accounts=tuple(cast)))
at = box.login
"""
    assert WORD not in setup
    show = "form = xa.login(at.jid, host=at.host, port=at.port, ca_file=str(at.ca_file))\nform"
    here = notebook(setup, show, "print(form, form.session)")
    here.run(0)
    here.run(1)
    field = here.page.locator("input[type=password]")
    for words in (f"{WORD}-not", WORD):
        field.fill(words)
        here.page.get_by_role("button", name="Log in").click()
        expect(field).to_have_value("")
        if words != WORD:
            here.page.get_by_role("alert").wait_for()
    here.page.get_by_text("Logged in as").wait_for()
    here.run(2)
    assert "logged in as" in here.text(2)
    saved = here.save()
    states = saved["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert any(state.get("state", {}).get("_name") for state in states.values())  # it is the login's, and saved
    assert WORD not in json.dumps(saved)
    assert WORD not in here.path.read_text()
    history = "[entry for entry in get_ipython().history_manager.get_range()]"
    assert WORD not in str(here.ask(f"str({history})"))
    assert WORD not in here.page.content()
    assert here.ask("'Secret' not in str(form.get_state())")
    assert faults(here.page, ".xav") == []


def test_the_monitor_shows_what_a_second_session_publishes(notebook: Open) -> None:
    here = notebook(
        PAIR, "m = s.monitor()\nm", "o.publish(png('crimson'))\no.unpublish()", "print(m.frame['what'].tolist())"
    )
    here.run_all()
    here.page.locator(".xav-change", has_text="switched off").first.wait_for()
    change = here.page.locator(".xav-change", has_text="published").first
    for when in ("before", "after"):
        change.get_by_role("img", name=f"avatar of Proteus {when}").wait_for()
    here.until("'disabled' in m.frame['what'].tolist()")
    here.page.get_by_role("button", name="Pause").click()
    here.until("m.paused")
    assert faults(here.page, ".xav") == []
    here.restart()
    here.page.get_by_text("The kernel has gone or was restarted").wait_for()
    expect(change.locator("img")).to_have_count(2)


def test_the_trace_shows_it_live(notebook: Open) -> None:
    here = notebook(PAIR, "v = s.trace_viewer()\nv", "d = s.diagnose(other)", theme="dark")
    here.run_all()
    lines = here.page.get_by_role("listbox", name="Stanzas")
    lines.get_by_role("option", name="get avatar metadata").first.click()
    here.page.locator(".xav-detail pre", has_text="urn:xmpp:avatar:metadata").wait_for()
    here.until("v.selected > 0")
    # Arrows stay in the widget: the notebook would take them for its cells.
    selected = here.ask("v.selected")
    lines.focus()
    here.page.keyboard.press("ArrowDown")
    here.until(f"v.selected > {selected}")
    here.page.get_by_role("button", name="Sequence diagram").click()
    here.page.locator(".xav-diagram svg").wait_for()
    assert faults(here.page, ".xav") == []
    still = next(each for each in here.save()["cells"][1]["outputs"] if "text/html" in each.get("data", {}))
    assert "xa-trace" in still["data"]["text/html"]
    assert "<script" not in still["data"]["text/html"]
