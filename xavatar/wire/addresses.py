"""Addresses prepared in a hurry (RFC 6122): what takes aioxmpp longest about most stanzas.

aioxmpp asks fourteen tables about each character of each address. For the characters nearly all
addresses are made of, the answer is known beforehand; what else comes is prepared by aioxmpp
once, and remembered.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Final

import aioxmpp.structs

# ASCII that a profile allows; the first two fold to lower case, and change nothing else of it.
_NODE: Final = re.compile(r"[!#-%(-.0-9;=?A-\[\]-~\\]*")
_NAME: Final = re.compile(r"[A-Za-z0-9.-]*")
_RESOURCE: Final = re.compile(r"[ -~]*")
_REMEMBERED: Final = 8192

Preparation = Callable[..., str]
PROFILES: Final = ("nodeprep", "nameprep", "resourceprep")


def hasten() -> None:
    """Let aioxmpp prepare addresses faster from now on, with the same results; a second call changes nothing."""
    for name, plain, folds in (
        ("nodeprep", _NODE, True),
        ("nameprep", _NAME, True),
        ("resourceprep", _RESOURCE, False),
    ):
        prepare = getattr(aioxmpp.structs, name)
        if not hasattr(prepare, "__wrapped__"):
            setattr(aioxmpp.structs, name, hastened(prepare, plain, folds=folds))


def hastened(prepare: Preparation, plain: re.Pattern[str], *, folds: bool) -> Preparation:
    """Return a profile that answers at once for text of `plain` characters, and remembers other answers.

    Parameters
    ----------
    prepare : callable
        aioxmpp's.
    plain : re.Pattern
        Matches, as a whole, text of which `prepare` would change nothing but the case.
    folds : bool
        Whether it folds the case.
    """
    remembered = lru_cache(_REMEMBERED)(prepare)

    @wraps(prepare)
    def prepared(string: str, allow_unassigned: bool = False) -> str:
        if plain.fullmatch(string):
            return string.lower() if folds else string
        return remembered(string, allow_unassigned)

    return prepared
