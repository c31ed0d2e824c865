"""The login: its page with the real class and the real `connect` behind it, on the sandbox."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

import xavatar as xa
from tests.browser.axe import faults
from tests.browser.blank import Blank
from xavatar.widgets import LoginForm

Make = Callable[..., Blank]
WORD = "wherefore-art-thou-9317"
FIELDS = "() => [...document.querySelectorAll('input')].map((input) => input.value).join('|')"


@pytest.fixture(scope="module")
def box() -> Iterator[xa.Sandbox]:
    with xa.sandbox("pair") as running:
        yield running


def page_text(here: Blank) -> str:
    return str(here.page.evaluate(f"() => document.documentElement.outerHTML + ({FIELDS})()"))


def models(here: Blank) -> str:
    return str(here.page.evaluate("() => JSON.stringify(Object.values(notebook.models).map((one) => one.state))"))


@pytest.mark.parametrize("threads", ["main", "subshell"])
def test_into_the_sandbox_and_out(blank: Make, threads: str) -> None:
    here = blank(threads)
    form = xa.login()
    here.show(form)
    here.page.get_by_label("Scenario").select_option("pair")
    here.page.get_by_role("button", name="Log in").click()
    here.page.get_by_text("Logged in as").wait_for()
    session = form.session
    assert isinstance(session, xa.Session)
    assert len(session.roster(progress=False)) > 0
    expect(here.page.get_by_text("valentine@verona.lit")).to_be_visible()
    here.page.get_by_role("button", name="Log out").click()
    here.page.get_by_role("button", name="Log in").wait_for()
    here.until(lambda: session.state == "closed", "the session closed")
    assert form.session is None


@pytest.mark.parametrize("threads", ["main", "subshell"])
def test_into_an_account(blank: Make, box: xa.Sandbox, threads: str) -> None:
    here = blank(threads)
    entry = box.login
    form = xa.login(entry.jid, host=entry.host, port=entry.port, timeout=20)
    here.show(form)
    here.page.get_by_label("CA file").fill(str(entry.ca_file))
    here.page.get_by_label("Password").fill(WORD)
    here.page.get_by_role("button", name="Log in").click()
    expect(here.page.get_by_label("Password")).to_have_value("")
    here.page.get_by_role("alert").get_by_text(entry.jid).wait_for()
    assert form.session is None
    assert WORD not in page_text(here) + models(here) + form.problem
    here.page.get_by_label("Password").fill(entry.password)
    here.page.keyboard.press("Enter")
    here.page.get_by_text("Logged in as").wait_for()
    assert entry.password not in page_text(here) + models(here) + repr(form.get_state()) + repr(form.session)
    expect(here.page.get_by_role("alert")).to_be_hidden()
    assert form.session is not None
    form.close()  # the session is the user's
    assert form.session.me(progress=False) is not None
    form.session.close()


def test_a_missing_password_is_told(blank: Make) -> None:
    here = blank()
    here.show(xa.login("juliet@capulet.lit"))
    here.page.get_by_role("button", name="Log in").click()
    here.page.get_by_role("alert").get_by_text("The password of juliet@capulet.lit is missing").wait_for()


def test_by_keyboard_only(blank: Make) -> None:
    here = blank()
    asked: list[dict[str, Any]] = []
    go = threading.Event()

    class Opened:
        jid = "juliet@capulet.lit/x"

        def close(self) -> None:
            pass

    def connect(**wishes: Any) -> Opened:
        asked.append(wishes)
        go.wait(10)
        return Opened()

    form = LoginForm(connect, sandboxes=["verona"])
    here.show(form)
    keys = here.page.keyboard
    keys.press("Tab")
    keys.press("ArrowRight")
    for words in ("juliet@capulet.lit", WORD):
        keys.press("Tab")
        keys.type(words)
    assert here.page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") == "solid"
    keys.press("Enter")
    here.until(lambda: bool(asked), "asked")
    assert here.page.evaluate(FIELDS).count(WORD) == 0
    here.page.get_by_text("Logging in to juliet@capulet.lit…").wait_for()
    expect(here.page.get_by_role("button", name="Log in")).to_be_disabled()
    go.set()
    here.page.get_by_text("Logged in as").wait_for()
    here.page.wait_for_function("() => document.activeElement.textContent === 'Log out'")
    assert asked[0]["password"].reveal() == WORD
    assert asked[0]["jid"] == "juliet@capulet.lit"


def test_several_views(blank: Make) -> None:
    here = blank()
    form = xa.login()
    here.show(form)
    here.show(form)
    here.page.locator("#view2").get_by_label("Account").check()
    here.page.locator("#view2").get_by_label("Password").fill(WORD)
    here.page.locator("#view1").get_by_role("button", name="Log in").click()
    here.page.locator("#view2").get_by_text("Logged in as").wait_for()
    assert form.session is not None
    form.close()
    here.page.wait_for_function("() => document.querySelector('.xav') === null")
    assert WORD not in page_text(here)
    form.session.close()


def test_a_lost_kernel(blank: Make) -> None:
    here = blank()
    here.show(xa.login())
    here.page.evaluate("() => Object.values(notebook.models)[0].emit('comm_live_update')")
    here.page.get_by_text("The kernel has gone or was restarted").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark", "bare"])
def test_accessibility(blank: Make, theme: str) -> None:
    here = blank("main", theme)
    form = xa.login("juliet@capulet.lit", host="localhost")
    here.show(form)
    assert faults(here.page) == []
    here.page.get_by_role("button", name="Log in").click()
    here.page.get_by_role("alert").wait_for()
    here.page.get_by_label("Sandbox").check()
    assert faults(here.page) == []
    here.page.get_by_role("button", name="Log in").click()
    here.page.get_by_text("Logged in as").wait_for()
    assert faults(here.page) == []
    form.log_out()
