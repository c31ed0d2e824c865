"""Where a password comes from, and how it is kept out of sight."""

from __future__ import annotations

import getpass
import importlib.util
import os
import sys
from typing import Final

from xavatar.errors import ConfigError
from xavatar.runtime.environment import ipykernel_version

VARIABLE: Final = "XAVATAR_PASSWORD"
KEYRING_SERVICE: Final = "xavatar"


class Secret:
    """A password that shows itself to nobody by accident.

    Parameters
    ----------
    value : str

    Examples
    --------
    >>> Secret("hunter2")
    <Secret>
    """

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """Return the password itself."""
        return self.__value

    def __repr__(self) -> str:
        return "<Secret>"

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not written anywhere")


def find_password(jid: str, given: str | Secret | None = None) -> Secret:
    """Return the account's password.

    The first of: the argument, the environment variable ``XAVATAR_PASSWORD``, the system's
    keyring (extra ``keyring``; service ``xavatar``, user name the bare JID), and a prompt
    that shows dots.

    Raises
    ------
    ConfigError
        None of them has one, and nobody can be asked.
    """
    if isinstance(given, Secret):
        return given
    found = given or os.environ.get(VARIABLE) or _from_keyring(jid) or _ask(jid)
    if not found:
        raise ConfigError(
            f"No password for {jid}. Pass `password`, set {VARIABLE}, or store one with "
            f"`keyring set {KEYRING_SERVICE} {jid}`."
        )
    return Secret(found)


def _from_keyring(jid: str) -> str | None:
    if importlib.util.find_spec("keyring") is None:
        return None
    import keyring
    import keyring.errors

    try:
        return keyring.get_password(KEYRING_SERVICE, jid)
    except keyring.errors.KeyringError:
        return None  # a locked or absent backend is no reason not to ask


def _ask(jid: str) -> str | None:
    # A kernel asks through its front end; marimo, which has no prompt for getpass, is none.
    if ipykernel_version() is not None or (sys.stdin is not None and sys.stdin.isatty()):
        return getpass.getpass(f"Password of {jid}: ")
    return None
