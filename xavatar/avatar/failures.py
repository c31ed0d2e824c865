"""Our errors, raised so that programs written for aioxmpp's documentation catch them too.

A :class:`~xavatar.errors.QueryError` leaves the service as an instance of three things at once:
its own class in our tree, :class:`aioxmpp.XMPPCancelError`, which the documentation promises
for whatever the network answers, and aioxmpp's class for the type of the stanza error. Its
`condition` is then aioxmpp's enumeration member.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, cast

import aioxmpp
import aioxmpp.errors
from aioxmpp.utils import namespaces

from xavatar.errors import PublishError, PublishRejected, QueryError, SessionClosed

_BY_TYPE: Final[dict[str | None, type[Exception]]] = {
    "auth": aioxmpp.XMPPAuthError,
    "modify": aioxmpp.XMPPModifyError,
    "wait": aioxmpp.XMPPWaitError,
}
_CONDITIONS: Final = {member.value: member for member in aioxmpp.ErrorCondition}


class ConnectionLost(SessionClosed, ConnectionError):
    """The connection ended, or was not there, while something was asked."""


class AvatarMissing(QueryError, RuntimeError):
    """The image is not where its descriptor says, or is another one.

    `condition` is ``no-data``, ``no-photo``, ``hash-mismatch``, or the stanza error's.
    """


class NotStored(PublishRejected, RuntimeError):
    """The server took something and has something else."""


class NoProtocol(PublishError, RuntimeError):
    """The account's server offers no way to publish an avatar that the service may use."""


def documented(error: QueryError) -> QueryError:
    """Return `error` as an instance of aioxmpp's classes too, its cause and notes kept."""
    kind: Any = type(error)
    if issubclass(kind, aioxmpp.errors.XMPPError):
        return error
    twin: Any = _twin(kind, error.error_type)(
        error.jid,
        error.step,
        condition=error.condition,
        error_type=error.error_type,
        text=error.text,
        application=error.application,
    )
    silent = aioxmpp.ErrorCondition.REMOTE_SERVER_TIMEOUT
    other = silent if isinstance(error, TimeoutError) else aioxmpp.ErrorCondition.UNDEFINED_CONDITION
    twin.condition = _CONDITIONS.get((namespaces.stanzas, error.condition), other)
    twin.condition_obj = twin.condition.to_xso()
    twin.__cause__ = error.__cause__
    for note in getattr(error, "__notes__", ()):
        twin.add_note(note)
    return cast("QueryError", twin)


@contextmanager
def documented_errors() -> Iterator[None]:
    """Raise what the body raises of our tree as the errors that the documentation promises."""
    try:
        yield
    except QueryError as error:
        raise documented(error) from error.__cause__
    except ConnectionLost:
        raise
    except SessionClosed as error:
        raise ConnectionLost(str(error)) from error


@cache
def _twin(kind: Any, error_type: str | None) -> Any:
    xmpp: Any = _BY_TYPE.get(error_type, aioxmpp.XMPPCancelError)
    bases = (kind, _Plain, *dict.fromkeys((xmpp, aioxmpp.XMPPCancelError)))
    # Plain attributes stand in front of XMPPError's read-only properties.
    own = {"condition": None, "condition_obj": None, "application_defined_condition": None, "TYPE": xmpp.TYPE}
    return type(kind.__name__, bases, {"__doc__": kind.__doc__, "__module__": __name__, **own})


class _Plain:
    """Ends the chain of constructors before XMPPError's, whose parameters differ."""

    def __init__(self, *args: object) -> None:
        Exception.__init__(self, *args)  # type: ignore[arg-type]
