"""What a recording leaves out: passwords, tokens, and what people write to each other.

It is taken out before anything is kept. Logins are not recorded at all; what is left are
passwords of rooms and accounts, and keys that servers hand out (XEP-0045, 0048, 0077, 0215,
0363). They are told by the names of elements, attributes and form fields.
"""

from __future__ import annotations

import re
from typing import Final

HIDDEN: Final = "\N{HORIZONTAL ELLIPSIS}".encode()

# A stanza in pieces. Quantifiers are possessive: strangers write stanzas, none may take long.
_PIECE: Final = re.compile(rb"<!\[CDATA\[.*?\]\]>|<[^<>\"']*+(?:(?:\"[^\"]*+\"|'[^']*+')[^<>\"']*+)*+>|[^<]++", re.S)
_NAME: Final = re.compile(rb"</?([\w.:-]+)")
_ATTRIBUTE: Final = re.compile(rb"(?<=\s)([\w.:-]++)(\s*+=\s*+)(\"[^\"]*+\"|'[^']*+')")

_SECRET: Final = re.compile(rb"passw|passphrase|secret|token|credential", re.I)
_WORDS: Final = frozenset((b"body", b"subject"))
_CREDENTIALS: Final = frozenset((b"authorization", b"cookie"))
# The namespace of what logs in, on the first element (RFC 6120, 6; XEP-0388); and of the login before SASL (XEP-0078).
_LOGIN: Final = re.compile(rb"urn:ietf:params:xml:ns:xmpp-sasl|urn:xmpp:sasl:")
_OLD_LOGIN: Final = b"jabber:iq:auth"

# A stanza whose tags, in small letters, have none of these holds nothing to leave out. Text is searched faster than
# bytes, and for few long words faster than for many short ones.
_SIGNS: Final = ("message", ":upload", "xmpp-sasl", "xmpp:sasl", "iq:auth", "pass", "secret", "token", "credential")
_LARGE: Final = 1000


def cleaned(stanza: bytes) -> bytes | None:
    """Return what may be kept of a stanza; ``None`` when it belongs to a login.

    Parameters
    ----------
    stanza : bytes
        One well-formed element, as sent or received.
    """
    tags = (stanza if len(stanza) < _LARGE else _without_texts(stanza)).decode("latin-1").lower()
    for sign in _SIGNS:
        if sign in tags:
            return _without_secrets(stanza)
    return stanza


def _without_texts(stanza: bytes) -> bytes:
    """Return the tags, in next to no time: an image need not be searched."""
    return b"".join([piece.rpartition(b">")[0] for piece in stanza.split(b"<")])


def _without_secrets(stanza: bytes) -> bytes | None:
    kept: list[bytes] = []
    secret: list[bool] = []  # of each open element: whether what it holds is
    for piece in _PIECE.findall(stanza):
        if not piece.startswith(b"<") or piece.startswith(b"<!"):
            if not secret or not secret[-1] or piece.isspace():
                kept.append(piece)
            elif kept[-1] is not HIDDEN:
                kept.append(HIDDEN)
            continue
        if piece.startswith(b"</"):
            if secret:
                secret.pop()
        else:
            attributes = _ATTRIBUTE.findall(piece)
            if not kept and any(name.startswith(b"xmlns") and _LOGIN.match(value, 1) for name, _, value in attributes):
                return None
            if not piece.endswith(b"/>"):
                within = bool(secret) and secret[-1]
                secret.append(within or _holds_secret(piece, attributes, old=_OLD_LOGIN in stanza))
            piece = _ATTRIBUTE.sub(_without_secret, piece)
        kept.append(piece)
    return b"".join(kept)


def _local(piece: bytes) -> bytes:
    name = _NAME.match(piece)
    return name[1].rpartition(b":")[2].lower() if name else b""


def _holds_secret(piece: bytes, attributes: list[tuple[bytes, bytes, bytes]], *, old: bool) -> bool:
    """Tell by an element's start tag whether what it holds is to be left out."""
    name = _local(piece)
    if name in _WORDS or _SECRET.search(name):
        return True
    values = {key: value[1:-1] for key, _, value in attributes}
    if name == b"field":
        return bool(_SECRET.search(values.get(b"var", b"")))
    return (name == b"header" and values.get(b"name", b"").lower() in _CREDENTIALS) or (old and name == b"digest")


def _without_secret(match: re.Match[bytes]) -> bytes:
    name, equals, value = match.groups()
    if name.startswith(b"xmlns"):
        return match[0]
    if _SECRET.search(name):
        value = value[:1] + HIDDEN + value[-1:]
    elif name == b"url" and _local(match.string) == b"put":  # the right to upload is in its query
        address, mark, query = value[1:-1].partition(b"?")
        value = value[:1] + address + mark + (HIDDEN if query else b"") + value[-1:]
    return name + equals + value
