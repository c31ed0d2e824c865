"""The login without a browser: what it asks for, and that a password is nowhere afterwards."""

from __future__ import annotations

import gc
import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import xavatar as xa
from xavatar.client import Secret
from xavatar.errors import AuthError
from xavatar.widgets import LoginForm

WORD = "wherefore-art-thou-9317"


class Opened:
    """What a login gives."""

    jid = "juliet@capulet.lit/tablet"

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def message(**more: Any) -> dict[str, Any]:
    return {
        "type": "login",
        "jid": " juliet@capulet.lit ",
        "password": WORD,
        "host": "",
        "port": None,
        "ca_file": "",
    } | more


def test_logged_in() -> None:
    asked: list[dict[str, Any]] = []
    opened, seen = Opened(), list[object]()

    def connect(**wishes: Any) -> Opened:
        asked.append(wishes)
        return opened

    form = LoginForm(connect, options={"presence": False})
    form.observe(lambda change: seen.append(change["new"]), "session")
    sent = message(host="localhost", port=5222, ca_file="/ca.pem")
    form._handle_custom_msg(sent, [])
    until(lambda: form.session is opened)
    assert "password" not in sent  # the kernel keeps the message
    (wishes,) = asked
    assert wishes.pop("password").reveal() == WORD
    assert wishes == {
        "presence": False,
        "jid": "juliet@capulet.lit",
        "host": "localhost",
        "port": 5222,
        "ca_file": "/ca.pem",
    }
    assert repr(form) == "<LoginForm: logged in as juliet@capulet.lit>"
    assert seen == [opened]
    until(lambda: form.busy == "")
    form._handle_custom_msg(message(), [])  # one at a time
    form.close()
    assert (opened.closed, len(asked)) == (0, 1)
    form._show({"new": None})


def test_the_password_is_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    given: list[Secret] = []

    def connect(**wishes: Any) -> Opened:
        given.append(wishes["password"])
        raise AuthError("juliet@capulet.lit: the server refused the password.")

    form = LoginForm(connect)
    states: list[Any] = []
    form.observe(lambda change: states.append((change["name"], change["new"])))
    with caplog.at_level(logging.DEBUG):
        form._handle_custom_msg(message(), [])
        until(lambda: bool(form.problem))
    told = [
        repr(form),
        repr(given),
        json.dumps(form.get_state(), default=str),
        repr(states),
        caplog.text,
        form._static_html(),
    ]
    assert all(WORD not in words for words in told)
    assert all(WORD not in repr(trait) for trait in form.trait_values().values())
    given.clear()
    until(
        lambda: (
            gc.collect() >= 0 and not any(type(each) is Secret and each.reveal() == WORD for each in gc.get_objects())
        )
    )
    form.close()


def test_errors_are_shown_inside() -> None:
    def connect(**wishes: Any) -> Opened:
        raise AuthError("juliet@capulet.lit: the server refused the password. Check it.")

    form = LoginForm(connect)
    form._handle_custom_msg(message(), [])
    until(lambda: form.problem == "juliet@capulet.lit: the server refused the password. Check it.")
    assert (form.session, form.busy) == (None, "")
    form.close()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (message(jid=""), "Which account"),
        (message(sandbox="/etc/passwd"), "There is no sandbox /etc/passwd"),
        (message(jid=7), "Which account"),
        (message(password=""), "password of juliet@capulet.lit is missing"),
        (message(password=["x"]), "password of juliet@capulet.lit is missing"),
        (message(password="x" * 5000), "password of juliet@capulet.lit is missing"),
        (message(port=70000), "70000 is no port"),
        (message(port="5222"), "'5222' is no port"),
    ],
)
def test_what_cannot_be_used(content: dict[str, Any], words: str) -> None:
    form = LoginForm(lambda **_: pytest.fail("connected"))
    form._handle_custom_msg(content, [])
    assert words in form.problem
    assert WORD not in form.problem
    assert "password" not in content
    form.close()


def test_a_session_that_comes_too_late_is_closed() -> None:
    go, opened = threading.Event(), Opened()

    def connect(**_: Any) -> Opened:
        go.wait(10)
        return opened

    form = LoginForm(connect)
    form._handle_custom_msg(message(), [])
    assert form.busy == "Logging in to juliet@capulet.lit…"
    form.close()
    go.set()
    until(lambda: opened.closed == 1)
    assert form.session is None


def test_logging_out() -> None:
    opened = Opened()
    form = LoginForm(lambda **_: opened)
    form._handle_custom_msg(message(), [])
    until(lambda: form.session is opened)
    form._handle_custom_msg({"type": "logout"}, [])
    until(lambda: opened.closed == 1 and form.session is None)
    assert repr(form) == "<LoginForm: nobody is logged in>"
    form.log_out()
    assert opened.closed == 1
    form.close()


def test_keywords() -> None:
    form = xa.login("juliet@capulet.lit", host="127.0.0.1", timeout=5)
    assert form._form["jid"] == "juliet@capulet.lit"
    assert form._sandboxes[0] == "verona"
    assert set(form._sandboxes) == {"verona", "campus", "pair"}
    form.set_state({"_name": "forged", "_form": {}, "session": 3})
    assert (form._name, form.session, form._form["host"]) == ("", None, "127.0.0.1")
    form.close()
    for wrong in ("pasword", "password", "sandbox"):
        with pytest.raises(TypeError, match=wrong):
            xa.login(**{wrong: "x"})
