"""From a stanza of type ``error`` to our error tree (RFC 6120, 8.3)."""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element

from xavatar.errors import Forbidden, NotFound, QueryError, RemoteUnavailable, Unsupported

from .xml import CLIENT, STANZAS, split, tag

_CLASSES: Final[dict[str, type[QueryError]]] = {
    "item-not-found": NotFound,
    "forbidden": Forbidden,
    "not-authorized": Forbidden,
    "not-allowed": Forbidden,
    "registration-required": Forbidden,
    "subscription-required": Forbidden,
    "feature-not-implemented": Unsupported,
    "service-unavailable": Unsupported,
    "remote-server-not-found": RemoteUnavailable,
    "remote-server-timeout": RemoteUnavailable,
    "recipient-unavailable": RemoteUnavailable,
    "gone": RemoteUnavailable,
    "redirect": RemoteUnavailable,
}


def query_error(
    jid: str,
    step: str,
    *,
    condition: str | None = None,
    error_type: str | None = None,
    text: str | None = None,
    application: str | None = None,
) -> QueryError:
    """Return the error of our tree that stands for a stanza error's condition."""
    kind = _CLASSES.get(condition or "", QueryError)
    return kind(jid, step, condition=condition, error_type=error_type, text=text, application=application)


def from_stanza(stanza: Element, jid: str, step: str) -> QueryError:
    """Return the error that a stanza of type ``error`` carries.

    Parameters
    ----------
    stanza : Element
        An IQ, presence or message of type ``error``.
    jid : str
        Whom the request was for.
    step : str
        What was asked, in words.
    """
    condition = text = application = error_type = None
    error = stanza.find(tag(CLIENT, "error"))
    if error is not None:
        error_type = error.get("type")
        for child in error:
            namespace, local = split(child.tag)
            if namespace != STANZAS:
                application = local
            elif local == "text":
                text = (child.text or "").strip()[:500] or None
            else:
                condition = local
    return query_error(
        jid,
        step,
        condition=condition or "undefined-condition",
        error_type=error_type,
        text=text,
        application=application,
    )
