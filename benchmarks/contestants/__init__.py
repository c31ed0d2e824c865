"""One module per way to fetch a roster's avatars; each runs in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contestant:
    """A way to fetch: its module here, what it does, and the roster it can stand."""

    name: str
    what: str
    at_most: int | None = None


CONTESTANTS = (
    # Those that the budget compares come one right after the other: a shared machine's speed changes within a minute.
    Contestant("floor", "raw socket: bytes written ahead, answers split by `</iq>`; no XML, no Python objects"),
    Contestant("floor_decoded", "the floor, and of each image its SHA-1 and a bare decoding by Pillow"),
    Contestant("xavatar_pep", "`session.roster(sources=['pep'])`: roster, metadata, images verified and inspected"),
    Contestant("slixmpp_gather", "slixmpp, presence sent, plugins XEP-0060 and XEP-0084, `asyncio.gather`"),
    Contestant("aioxmpp_gather", "aioxmpp's AvatarService, `asyncio.gather`", at_most=2000),
    Contestant("xavatar_all", "`session.roster()`: the same with every contact's vCard and presence"),
    Contestant("xavatar_again", "`session.roster(sources=['pep'])` a second time in one session, nothing changed"),
    Contestant("xavatar_warm", "the first, in a new session whose store has every image from an earlier audit"),
    Contestant("aioxmpp_loop", "aioxmpp's AvatarService, one contact after the other", at_most=200),
)
