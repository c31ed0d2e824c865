"""The roster as subjects (RFC 6121, 2)."""

from __future__ import annotations

from typing import Final

from xavatar.model import Kind, Subject
from xavatar.wire import Wire
from xavatar.wire.xml import ROSTER, tag

_QUERY: Final = f'<query xmlns="{ROSTER}"/>'
_GROUP: Final = tag(ROSTER, "group")


async def fetch_roster(wire: Wire, *, timeout: float) -> tuple[Subject, ...]:
    """Return the contacts, in the server's order, each once.

    Raises
    ------
    QueryError
        The server did not answer, or with an error.
    """
    answer = await wire.request(_QUERY, timeout=timeout, step="roster")
    query = answer.find(tag(ROSTER, "query"))
    subjects: dict[str, Subject] = {}
    for item in query if query is not None else ():
        jid = item.get("jid", "").strip()
        if jid and item.get("subscription") != "remove":
            # Groups are a set, which servers give in any order (RFC 6121, 2.1.2.6).
            groups = sorted(group.text.strip() for group in item.iterfind(_GROUP) if group.text)
            subjects[jid] = Subject(
                jid=jid,
                kind=Kind.CONTACT,
                name=item.get("name") or None,
                groups=tuple(groups),
                subscription=item.get("subscription") or "none",
            )
    return tuple(subjects.values())
