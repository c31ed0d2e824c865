"""Avatar metadata that came without being asked for (XEP-0163, 4.3)."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Final
from xml.etree.ElementTree import Element

from xavatar.avatar.events import read_event
from xavatar.avatar.parse import Metadata
from xavatar.model import Outcome
from xavatar.wire import Wire

from .arrivals import Arrivals

_LIMIT: Final = 100_000


class PushBook:
    """The newest metadata item that each account pushed on this stream.

    With ``+notify`` some servers send it at login for every contact whose presence they give us
    (Prosody), others not (ejabberd). What came is as good as an answer: it is the last item, and
    any change to it comes as an event too. But who closes the node to us does so in silence, so
    that after a while it has to be asked again. Where accounts push, silence says something as well:
    who had no avatar when asked, and has pushed none since, has none.

    Parameters
    ----------
    wire : Wire
    arrivals : Arrivals
        Told of each event.
    take : bool
        Keep the events from aioxmpp.
    """

    def __init__(self, wire: Wire, arrivals: Arrivals, *, take: bool = False) -> None:
        self._items: OrderedDict[str, tuple[float, Metadata]] = OrderedDict()
        self._silent: dict[str, tuple[float, Outcome]] = {}
        self._domains: set[str] = set()  # of whom somebody pushed
        self._wire = wire
        self._arrivals = arrivals
        hear = wire.take if take else wire.observe
        hear("message", self._note)
        wire.client.on_stream_destroyed.connect(self.clear)

    def get(self, bare: str, *, lifetime: float) -> Metadata | None:
        """Return what an account pushed in the last `lifetime` seconds, or None when it must be asked."""
        at, metadata = self._items.get(bare, (0.0, None))
        return metadata if time.monotonic() - at <= lifetime else None

    def note_none(self, bare: str, outcome: Outcome) -> None:
        """Take an answer that there is no avatar, of an account that would push one; remember it where accounts do."""
        if _domain(bare) in self._domains and bare not in self._items and len(self._silent) < _LIMIT:
            self._silent[bare] = time.monotonic(), outcome

    def silent(self, bare: str, *, lifetime: float) -> Outcome | None:
        """Return the answer of the last `lifetime` seconds that there is no avatar, when nothing was pushed since."""
        at, outcome = self._silent.get(bare, (0.0, None))
        return outcome if time.monotonic() - at <= lifetime else None

    def known(self) -> dict[str, Metadata]:
        """Return what each account pushed last, however long ago."""
        return {bare: metadata for bare, (_, metadata) in self._items.items()}

    def __len__(self) -> int:
        return len(self._items)

    def clear(self, *_: object) -> None:
        """Forget everything: without the stream changes would go unnoticed."""
        self._items.clear()
        self._silent.clear()
        self._domains.clear()

    def _note(self, message: Element) -> bool:
        """Take an event of avatars in; tell whether it was one."""
        event = read_event(message)
        if event is None:
            return False
        if sender := message.get("from"):
            self._arrivals.note(event=True)
            self._silent.pop(sender, None)
            if event.metadata is None:
                self._items.pop(sender, None)
            else:
                self._items[sender] = time.monotonic(), event.metadata
                self._items.move_to_end(sender)
                self._note_domain(sender)
                if len(self._items) > _LIMIT:
                    self._items.popitem(last=False)
        return True

    def _note_domain(self, sender: str) -> None:
        """Note where accounts push; that the own one does says nothing of others."""
        domain = _domain(sender)
        if domain in self._domains or len(self._domains) >= _LIMIT:
            return
        if sender != str(self._wire.client.local_jid.bare()):
            self._domains.add(domain)


def _domain(bare: str) -> str:
    return bare.rpartition("@")[2]
