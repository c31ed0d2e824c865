"""A form to log in with, which keeps no password."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from html import escape
from typing import Any, Final, Protocol

import traitlets

from xavatar.audit.text import clean
from xavatar.client import Secret
from xavatar.errors import ConfigError

from .assets import script, style
from .base import Widget

_LONGEST: Final = 1024
_LAST_PORT: Final = 65535


class Session(Protocol):
    """What logging in gives, as far as the form needs it."""

    @property
    def jid(self) -> str:
        """Who is logged in."""

    def close(self) -> None:
        """Log out."""


class LoginForm(Widget):
    """Logs in to the sandbox or to an account, and has the session afterwards.

    Parameters
    ----------
    connect : callable
        As :func:`xavatar.connect`; :func:`xavatar.login` makes a form with it.
    sandboxes : sequence of str
        Names of scenarios to offer.
    jid, host, port, ca_file : optional
        What the form holds when it is shown first.
    options : mapping, optional
        Further keywords for `connect`.

    Attributes
    ----------
    session : Session or None
        Open once somebody has logged in; observe it to go on by itself. It stays open when the
        widget is closed.

    Notes
    -----
    The password goes by one message from the page to the kernel and into a
    :class:`~xavatar.client.Secret`. It is no trait, so neither the widget's state nor a saved
    notebook has it; the page forgets it in the moment it is sent, and it is taken out of the
    message, which the kernel keeps until the next one.
    """

    _esm = script("login")
    _css = style("login")

    session = traitlets.Any(None, allow_none=True, help="The open session, once there is one.")
    _sandboxes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _form = traitlets.Dict().tag(sync=True)
    _name = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        connect: Callable[..., Session],
        *,
        sandboxes: Sequence[str] = (),
        jid: str = "",
        host: str = "",
        port: int | None = None,
        ca_file: str = "",
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._connect = connect
        self._options = dict(options or {})
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="xavatar-login")
        self._trying = False
        form = {"jid": jid, "host": host, "port": port, "ca_file": ca_file}
        super().__init__(_sandboxes=list(sandboxes), _form=form)

    def log_out(self) -> None:
        """Close the session; nothing when there is none."""
        session, self.session = self.session, None
        if session is not None:
            session.close()

    @traitlets.observe("session")
    def _show(self, change: Any) -> None:
        session = change["new"]
        self._name = "" if session is None else clean(session.jid.partition("/")[0], 300)

    def _receive(self, kind: str, content: Mapping[str, Any], buffers: Sequence[memoryview]) -> None:
        match kind:
            case "login":
                assert isinstance(content, dict)
                self._log_in(**_wishes(content, self._sandboxes))
            case "logout" if self.session is not None:
                self._follow(self._thread.submit(self.log_out), doing="Logging out…")

    def _log_in(self, **wishes: Any) -> None:
        with self._lock:
            if self.session is not None or self._trying:
                return
            self._trying = True
        where = wishes.get("jid") or f"the sandbox {wishes['sandbox']}"
        # Not held: an error's traceback would keep what was asked with.
        pending = self._thread.submit(self._connect, **self._options, **wishes)
        pending.add_done_callback(self._tried)
        self._follow(pending, self._take, f"Logging in to {clean(where, 300)}…")

    def _tried(self, _: Future[Session]) -> None:
        self._trying = False

    def _take(self, session: Session) -> None:
        with self._lock:
            unwanted = self.closed
            if not unwanted:
                self.session = session
        if unwanted:
            session.close()

    def _release(self) -> None:
        self._thread.shutdown(wait=False)

    def _static_html(self) -> str:
        words = f"Logged in as <b>{escape(self._name)}</b>." if self._name else "Nobody is logged in."
        return f'<div style="font:13px/1.4 system-ui,sans-serif;color:inherit">{words}</div>'

    def __repr__(self) -> str:
        state = f"logged in as {self._name}" if self._name else "nobody is logged in"
        return f"<LoginForm: {state}{' (closed)' if self.closed else ''}>"


def _wishes(content: dict[str, Any], sandboxes: Sequence[str]) -> dict[str, Any]:
    """Return keywords for `connect` from what a page sent; the password is gone from it afterwards.

    Raises
    ------
    ConfigError
        Something is missing, or of no use.
    """
    password = content.pop("password", None)
    if sandbox := _text(content, "sandbox"):
        if sandbox not in sandboxes:
            raise ConfigError(f"There is no sandbox {clean(sandbox, 60)}; these are: {', '.join(sandboxes)}.")
        return {"sandbox": sandbox}
    if not (jid := _text(content, "jid")):
        raise ConfigError("Which account? A JID looks like juliet@capulet.lit.")
    if not isinstance(password, str) or not password or len(password) > _LONGEST:
        raise ConfigError(f"The password of {jid} is missing. The form forgets it with every attempt: type it again.")
    given = {"host": _text(content, "host"), "ca_file": _text(content, "ca_file"), "port": _port(content.get("port"))}
    return {"jid": jid, "password": Secret(password)} | {name: value for name, value in given.items() if value}


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    return value.strip()[:_LONGEST] if isinstance(value, str) else ""


def _port(value: object) -> int | None:
    if value in (None, ""):
        return None
    if type(value) is int and 0 < value <= _LAST_PORT:
        return value
    raise ConfigError(f"{value!r} is no port: a number from 1 to {_LAST_PORT}.")
