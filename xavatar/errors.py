"""The error tree.

::

    XavatarError
    ├── ConfigError (ValueError)      a setting, argument or file that cannot be used
    ├── SessionError
    │   ├── ConnectError (ConnectionError)
    │   │   ├── UnknownHost           no address or SRV record for the domain
    │   │   ├── Refused               nothing listens there
    │   │   ├── TLSError              certificate or TLS negotiation
    │   │   └── ConnectTimeout (TimeoutError)
    │   ├── AuthError                 the server refused user name or password
    │   ├── Conflict                  another client took this resource
    │   └── SessionClosed             the session was closed, or its server is gone
    ├── QueryError                    a contact's answer: XEP, stanza condition, text
    │   ├── NotFound                  item-not-found, or what stands for it
    │   ├── Forbidden                 forbidden, not-authorized, not-allowed
    │   ├── Unsupported               feature-not-implemented, service-unavailable
    │   ├── RemoteUnavailable         remote-server-*, recipient-unavailable, gone
    │   ├── QueryTimeout (TimeoutError)
    │   └── ProtocolViolation         an answer, but not one the XEP allows
    ├── ImageError (ValueError)
    │   ├── UnsupportedFormat
    │   ├── TooLarge
    │   ├── Corrupt
    │   └── HashMismatch
    ├── PublishError
    │   ├── PublishRejected
    │   └── NotSupported
    ├── StoreError
    │   ├── SnapshotNotFound (LookupError)
    │   └── SchemaTooNew
    ├── FrameError (AttributeError)   `df.xavatar` on a frame that is not ours
    ├── MissingExtra (ImportError)    an optional part that is not installed
    └── SandboxError                  a scenario or fault that cannot be used

Every message says what failed, for whom, at which step, and what to do next. None ever
carries a password. In bulk collection no error is raised per contact: it becomes a row
with a status (see :class:`xavatar.model.Status`).
"""

from __future__ import annotations

from .model import Status


class XavatarError(Exception):
    """Anything this package raises on purpose."""


class ConfigError(XavatarError, ValueError):
    """A setting, argument or file cannot be used."""


class SessionError(XavatarError):
    """The connection to the account's server."""


class ConnectError(SessionError, ConnectionError):
    """No connection could be made."""


class UnknownHost(ConnectError):
    """The domain has no address and no SRV record."""


class Refused(ConnectError):
    """The host is there, but nothing accepts connections at that port."""


class TLSError(ConnectError):
    """The certificate could not be verified, or TLS could not be negotiated."""


class ConnectTimeout(ConnectError, TimeoutError):
    """The server did not answer in time while connecting."""


class AuthError(SessionError):
    """The server refused the user name or the password."""


class Conflict(SessionError):
    """Another client of the account took this session's resource."""


class SessionClosed(SessionError):
    """The session is closed, or lost its server while an operation ran."""


class QueryError(XavatarError):
    """A request was answered with an error, or not at all.

    Parameters
    ----------
    jid : str
        Whom the request was for; ``""`` is one's own account.
    step : str
        What was asked, in words (``"PEP metadata"``, ``"vCard"``).
    condition : str, optional
        The stanza error's defined condition (RFC 6120, 8.3.3).
    error_type : str, optional
        The stanza error's type: auth, cancel, continue, modify or wait.
    text : str, optional
        The text the server sent along.
    application : str, optional
        The application-specific condition, as ``closed-node`` (XEP-0060).
    """

    status: Status = Status.ERROR
    advice = ""

    def __init__(
        self,
        jid: str,
        step: str,
        *,
        condition: str | None = None,
        error_type: str | None = None,
        text: str | None = None,
        application: str | None = None,
    ) -> None:
        self.jid = jid
        self.step = step
        self.condition = condition
        self.error_type = error_type
        self.text = text
        self.application = application
        why = ", ".join(part for part in (condition, application, text) if part)
        message = f"{step} of {jid or 'the own account'}: {why or 'failed'}"
        super().__init__(f"{message}. {self.advice}" if self.advice else message)


class NotFound(QueryError):
    """The node, item, vCard or account does not exist."""

    status = Status.NOT_FOUND


class Forbidden(QueryError):
    """The answer exists perhaps, but not for this account (XEP-0060, 6.5.9)."""

    status = Status.FORBIDDEN
    advice = "Ask the owner to widen the node's access model, or subscribe to their presence."


class Unsupported(QueryError):
    """The entity does not implement what was asked."""

    status = Status.UNSUPPORTED


class RemoteUnavailable(QueryError):
    """The contact's server, or the contact, cannot be reached."""

    status = Status.UNAVAILABLE
    advice = "Try again later; the contact's server did not take the request."


class QueryTimeout(QueryError, TimeoutError):
    """No answer within the time limit."""

    status = Status.TIMEOUT
    advice = "Raise `timeout`, or try again later."


class ProtocolViolation(QueryError):
    """The answer is not one the XEP allows."""

    status = Status.MALFORMED


class ImageError(XavatarError, ValueError):
    """An image cannot be used."""


class UnsupportedFormat(ImageError):
    """The bytes are not a picture of a format we take."""


class TooLarge(ImageError):
    """The image exceeds a limit of bytes, pixels or frames."""


class Corrupt(ImageError):
    """The bytes claim to be a picture, but do not decode."""


class HashMismatch(ImageError):
    """The bytes are not those the id promised (XEP-0084, 3.1)."""


class PublishError(XavatarError):
    """Publishing did not reach its end."""


class PublishRejected(PublishError):
    """The server refused a step of the publication."""


class NotSupported(PublishError):
    """The account's server offers no way to do this."""


class StoreError(XavatarError):
    """The store of snapshots and images."""


class SnapshotNotFound(StoreError, LookupError):
    """No snapshot has that id."""


class SchemaTooNew(StoreError):
    """The store was written by a newer version of xavatar."""


class FrameError(XavatarError, AttributeError):
    """The DataFrame is not one of ours: it lacks columns of :mod:`xavatar.frames.schema`."""


class MissingExtra(XavatarError, ImportError):
    """An optional part is not installed; the message names the command that brings it."""


class SandboxError(XavatarError):
    """A scenario, fault or address the sandbox cannot use."""
