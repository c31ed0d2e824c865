"""Authentication: SCRAM-SHA-256, SCRAM-SHA-1 and PLAIN (RFC 6120, 6; RFC 5802; RFC 4616)."""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest
from typing import NamedTuple, Protocol

from scramp import ScramException, ScramMechanism

from .accounts import AccountState

MECHANISMS = ("SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN")

Lookup = Callable[[str], AccountState | None]
"""Finds the account of a user name; ``None`` when nobody can log in by it."""


class SaslFailure(Exception):
    """A condition of RFC 6120, 6.5."""

    def __init__(self, condition: str) -> None:
        super().__init__(condition)
        self.condition = condition


class Step(NamedTuple):
    """What the server says next; with an account, it is the last word."""

    reply: bytes
    account: AccountState | None = None


class Exchange(Protocol):
    """One authentication under way."""

    def respond(self, message: bytes) -> Step:
        """Take the client's message; raise SaslFailure to refuse."""


def begin(mechanism: str, lookup: Lookup) -> Exchange:
    """Start an exchange of one of `MECHANISMS`."""
    if mechanism == "PLAIN":
        return _Plain(lookup)
    if mechanism in MECHANISMS:
        return _Scram(mechanism, lookup)
    raise SaslFailure("invalid-mechanism")


class _Plain:
    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def respond(self, message: bytes) -> Step:
        try:
            _, user, password = message.decode().split("\0")
        except ValueError:
            raise SaslFailure("malformed-request") from None
        account = self._lookup(user)
        if account is None or not compare_digest((account.password or "").encode(), password.encode()):
            raise SaslFailure("not-authorized")
        return Step(b"", account)


class _Scram:
    def __init__(self, mechanism: str, lookup: Lookup) -> None:
        self._lookup = lookup
        self._mechanism = ScramMechanism(mechanism)
        self._server = self._mechanism.make_server(self._auth_info)
        self._account: AccountState | None = None

    def respond(self, message: bytes) -> Step:
        try:
            if self._account is None:
                self._server.set_client_first(message.decode())
                return Step(self._server.get_server_first().encode())
            self._server.set_client_final(message.decode())
            return Step(self._server.get_server_final().encode(), self._account)
        except UnicodeDecodeError:
            raise SaslFailure("malformed-request") from None
        except ScramException:
            raise SaslFailure("not-authorized") from None

    def _auth_info(self, user: str) -> tuple[bytes, bytes, bytes, int]:
        account = self._lookup(user)
        if account is None or account.password is None:
            raise ScramException("unknown user")
        self._account = account
        name = self._mechanism.name
        if name not in account.scram:
            account.scram[name] = self._mechanism.make_auth_info(account.password)
        return account.scram[name]
