"""What goes wrong on purpose: faults set for an account's requests."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass

from xavatar.errors import SandboxError

from .jid import parse_jid
from .scenario import Fault
from .stanza import StanzaError

KINDS = ("silence", "delay", "error", "malformed-metadata", "wrong-hash", "broken-base64", "oversized")
TARGETS = ("metadata", "data", "vcard", "disco", "any")
OVERSIZED_BYTES = 512 * 1024
"""More than servers let through in one stanza (DOMAIN 1.5), before base64."""

_IMAGE = re.compile(r"(<(data|BINVAL)\b[^>]*>)([^<]*)(</)")
_INFO = re.compile(r"<info\b[^>]*?(/>|>)")
_ID = re.compile(r"(<info\b[^>]*?\bid=)(['\"])[^'\"]*\2")


@dataclass(slots=True)
class _Armed:
    fault: Fault
    hits: int = 0

    @property
    def spent(self) -> bool:
        return 0 < self.fault.times <= self.hits


class Faults:
    """The faults now in force, by bare JID; rooms have theirs like accounts."""

    def __init__(self) -> None:
        self._armed: dict[str, list[_Armed]] = {}

    def add(self, jid: str, fault: Fault) -> None:
        """Put a fault in force.

        Raises
        ------
        SandboxError
            The fault's kind, target or numbers make no sense.
        """
        _check(jid, fault)
        self._armed.setdefault(parse_jid(jid).bare, []).append(_Armed(fault))

    def clear(self, jid: str | None = None) -> None:
        """Lift the faults of one JID, or all."""
        if jid is None:
            self._armed.clear()
        else:
            self._armed.pop(parse_jid(jid).bare, None)

    def take(self, bare: str, kind: str) -> Fault | None:
        """Return the fault that hits this request, and count the hit."""
        for armed in self._armed.get(bare, ()):
            if not armed.spent and _hits(armed.fault, kind):
                armed.hits += 1
                return armed.fault
        return None

    def waits_for(self, bare: str, kind: str) -> bool:
        """Tell whether a fault would hit such a request; counts nothing."""
        return any(not armed.spent and _hits(armed.fault, kind) for armed in self._armed.get(bare, ()))


def _hits(fault: Fault, kind: str) -> bool:
    if fault.on not in ("any", kind):
        return False
    if fault.kind == "malformed-metadata":
        return kind == "metadata"
    if fault.kind in ("broken-base64", "oversized"):
        return kind in ("data", "vcard")
    if fault.kind == "wrong-hash":
        # A wrong id would hide the image; only who asks for it gets that.
        return kind in ("data", "vcard") or fault.on == "metadata"
    return True


def _check(jid: str, fault: Fault) -> None:
    if fault.kind not in KINDS:
        raise SandboxError(f"Fault of {jid}: no kind {fault.kind!r}; there are {', '.join(KINDS)}.")
    if fault.on not in TARGETS:
        raise SandboxError(f"Fault of {jid}: it cannot be on {fault.on!r}, only on {', '.join(TARGETS)}.")
    if fault.seconds < 0 or fault.times < 0:
        raise SandboxError(f"Fault of {jid}: seconds and times cannot be negative.")
    if fault.kind == "malformed-metadata" and fault.on not in ("any", "metadata"):
        raise SandboxError(f"Fault of {jid}: malformed-metadata is on metadata, not on {fault.on}.")


def stanza_error(fault: Fault) -> StanzaError:
    """Return the error a fault of kind ``error`` answers with."""
    condition = fault.condition or "internal-server-error"
    return StanzaError(condition, error_type=fault.error_type, text="A fault set in the sandbox.")


def mangle(kind: str, payload: str) -> str:
    """Spoil an answer's payload as the fault's kind says; others leave it as it is."""
    if kind == "malformed-metadata":
        # No bytes, no type, a width in words: P84-07 and P84-10 at once.
        return _INFO.sub(lambda match: f"<info id='none' width='64px'{match[1]}", payload)
    if kind == "wrong-hash":
        payload = _ID.sub(lambda match: f"{match[1]}{match[2]}{'0' * 40}{match[2]}", payload)
        return _IMAGE.sub(lambda match: f"{match[1]}{_altered(match[3])}{match[4]}", payload)
    if kind == "broken-base64":
        return _IMAGE.sub(lambda match: f"{match[1]}{_broken(match[3])}{match[4]}", payload)
    if kind == "oversized":
        return _IMAGE.sub(lambda match: f"{match[1]}{_padded(match[3])}{match[4]}", payload)
    return payload


def _broken(text: str) -> str:
    """Cut to a length no base64 has, and add a character of no alphabet (A-19)."""
    digits = "".join(text.split()).rstrip("=")
    return digits[: len(digits) - (len(digits) - 1) % 4] + "*"


def _altered(text: str) -> str:
    """Add a byte: the picture still shows, but its hash is another."""
    return b64encode(_decoded(text) + b"\0").decode()


def _padded(text: str) -> str:
    data = _decoded(text)
    return b64encode(data + bytes(max(0, OVERSIZED_BYTES - len(data)))).decode()


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text)
    except Base64Error:
        return b""
