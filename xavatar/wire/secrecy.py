"""What a recording leaves out: passwords, tokens, and people's words.

It is taken out before anything is kept. Logins are not recorded at all; what is left are
passwords of rooms and accounts, and keys that servers hand out (XEP-0045, 0048, 0077, 0363).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

HIDDEN: Final = "\N{HORIZONTAL ELLIPSIS}"
_HIDDEN: Final = HIDDEN.encode()
_NEVER: Final = (b"urn:ietf:params:xml:ns:xmpp-sasl", b"urn:xmpp:sasl:", b"jabber:iq:auth")

_FIELD: Final = re.compile(
    rb"(<(?:\w+:)?field\b[^>]*\bvar=[\"'][^\"']*(?:secret|password|passwd|token)[^>]*>)(.*?)(</(?:\w+:)?field>)", re.S
)
_VALUE: Final = re.compile(rb"(<(?:\w+:)?value\b[^>]*>)[^<]+")


def _emptied(names: bytes) -> re.Pattern[bytes]:
    """Match the text of elements of some names, after their start tag."""
    return re.compile(rb"(<(?:\w+:)?(?:" + names + rb")(?:\s[^>]*)?>)[^<]+")


def _in_field(match: re.Match[bytes]) -> bytes:
    return match[1] + _VALUE.sub(rb"\1" + _HIDDEN, match[2]) + match[3]


_ATTRIBUTE: Final = re.compile(rb"(\b(?:password|token|secret)\s*=\s*)(?:\"[^\"]*\"|'[^']*')")
_HEADER: Final = re.compile(rb"(<(?:\w+:)?header\b[^>]*\bname=[\"'](?:Authorization|Cookie)[\"'][^>]*>)[^<]+", re.I)
_MARKUP: Final = re.compile(rb"(<html\b[^>]*xhtml-im[^>]*>).*?(</html>)", re.S)

_Replacement = bytes | Callable[[re.Match[bytes]], bytes]
# A word to look for first, which costs next to nothing, and what to do where it stands.
_CLEANERS: Final[tuple[tuple[bytes, re.Pattern[bytes], _Replacement], ...]] = (
    (b"password", _emptied(rb"password"), rb"\1" + _HIDDEN),
    (b"secret", _emptied(rb"secret"), rb"\1" + _HIDDEN),
    (b"token", _emptied(rb"token"), rb"\1" + _HIDDEN),
    (b"<body", _emptied(rb"body"), rb"\1" + _HIDDEN),
    (b"xhtml-im", _MARKUP, rb"\1" + _HIDDEN + rb"\2"),
    (b"password", _ATTRIBUTE, rb'\1"' + _HIDDEN + rb'"'),
    (b"token", _ATTRIBUTE, rb'\1"' + _HIDDEN + rb'"'),
    (b"secret", _ATTRIBUTE, rb'\1"' + _HIDDEN + rb'"'),
    (b"header", _HEADER, rb"\1" + _HIDDEN),
    (b"secret", _FIELD, _in_field),
    (b"passw", _FIELD, _in_field),
    (b"token", _FIELD, _in_field),
)
_WORDS: Final = tuple(dict.fromkeys((*_NEVER, *(word for word, _, _ in _CLEANERS))))


def cleaned(stanza: bytes) -> bytes | None:
    """Return what may be kept of a stanza; ``None`` when it belongs to a login.

    Parameters
    ----------
    stanza : bytes
        As sent or received.
    """
    if not any(word in stanza for word in _WORDS):
        return stanza
    if any(word in stanza for word in _NEVER):
        return None
    for word, pattern, replacement in _CLEANERS:
        if word in stanza:
            stanza = pattern.sub(replacement, stanza)
    return stanza
