"""Logging in by a form."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final

from xavatar.sandbox.load import names

from .opening import connect

if TYPE_CHECKING:
    from xavatar.widgets import LoginForm

_FIRST: Final = "verona"
_ASKED: Final = {"jid", "password", "sandbox", "host", "port", "ca_file"}


def login(jid: str = "", *, host: str = "", port: int | None = None, ca_file: str = "", **options: Any) -> LoginForm:
    """Show a form to log in with, to the sandbox or to an account; it keeps no password.

    Parameters
    ----------
    jid, host, port, ca_file : optional
        What the form holds at first.
    **options
        Further keywords of :func:`connect`, as `presence` or `settings`.

    Returns
    -------
    LoginForm
        A widget; its `session` is open once somebody has logged in.

    Raises
    ------
    TypeError
        :func:`connect` takes no such keyword, or the form asks for it.

    Examples
    --------
    >>> form = xa.login("you@example.org")
    >>> form.session is None
    True
    >>> form.close()
    """
    from xavatar.widgets import LoginForm

    if unknown := sorted(options.keys() - (set(inspect.signature(connect).parameters) - _ASKED)):
        raise TypeError(f"login() takes no keyword {', '.join(unknown)}.")
    sandboxes = sorted(names(), key=lambda name: name != _FIRST)
    return LoginForm(connect, sandboxes=sandboxes, jid=jid, host=host, port=port, ca_file=ca_file, options=options)
