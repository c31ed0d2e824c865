"""From what aioxmpp reports about a connection to our error tree."""

from __future__ import annotations

import aiosasl
import aioxmpp.errors
import OpenSSL.SSL

from xavatar.errors import AuthError, Conflict, ConnectError, SessionClosed, SessionError, UnknownHost

from .connector import Unreachable


def explain(error: BaseException, account: str) -> SessionError:
    """Return the error of our tree for what ended or prevented a connection.

    Parameters
    ----------
    error : Exception
        As aioxmpp reports it.
    account : str
        Bare JID.
    """
    if isinstance(error, SessionError):
        return error
    if isinstance(error, Unreachable):
        return error.error
    if isinstance(error, aiosasl.SASLError):
        return AuthError(f"{account}: the server refuses this user name or password. Check both.")
    if isinstance(error, aioxmpp.errors.StreamError):
        if error.condition == aioxmpp.errors.StreamErrorCondition.CONFLICT:
            return Conflict(
                f"{account}: another client took this session's resource. Connect again without a resource."
            )
        return SessionClosed(f"{account}: the server ended the stream ({error.condition.value[1]}).")
    if isinstance(error, aioxmpp.errors.MultiOSError):
        causes = [explain(cause, account) for cause in error.exceptions]
        return next(
            (cause for cause in causes if not isinstance(cause, UnknownHost)), ConnectError(f"{account}: {error}")
        )
    if isinstance(error, aioxmpp.errors.SASLUnavailable):
        return AuthError(f"{account}: the server offers no way to log in that this client knows (SCRAM, PLAIN).")
    if isinstance(error, aioxmpp.errors.StreamNegotiationFailure):
        return AuthError(f"{account}: login failed ({error}).")
    if isinstance(error, (OSError, OpenSSL.SSL.Error)):
        return SessionClosed(f"{account}: the connection was lost ({error}).")
    return SessionClosed(f"{account}: {type(error).__name__}: {error}")
