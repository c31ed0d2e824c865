"""Avatar metadata that came without being asked for (XEP-0163, 4.3)."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Final
from xml.etree.ElementTree import Element

from xavatar.avatar.events import read_event
from xavatar.avatar.parse import Metadata
from xavatar.wire import Wire

from .arrivals import Arrivals

_LIMIT: Final = 100_000


class PushBook:
    """The newest metadata item that each account pushed on this stream.

    With ``+notify`` some servers send it at login for every contact whose presence they give us
    (Prosody), others not (ejabberd). What came is as good as an answer: it is the last item, and
    any change to it comes as an event too. But who closes the node to us does so in silence, so
    that after a while it has to be asked again.

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
        self._arrivals = arrivals
        hear = wire.take if take else wire.observe
        hear("message", self._note)
        wire.client.on_stream_destroyed.connect(self.clear)

    def get(self, bare: str, *, lifetime: float) -> Metadata | None:
        """Return what an account pushed in the last `lifetime` seconds, or None when it must be asked."""
        at, metadata = self._items.get(bare, (0.0, None))
        return metadata if time.monotonic() - at <= lifetime else None

    def known(self) -> dict[str, Metadata]:
        """Return what each account pushed last, however long ago."""
        return {bare: metadata for bare, (_, metadata) in self._items.items()}

    def __len__(self) -> int:
        return len(self._items)

    def clear(self, *_: object) -> None:
        """Forget everything: without the stream changes would go unnoticed."""
        self._items.clear()

    def _note(self, message: Element) -> bool:
        """Take an event of avatars in; tell whether it was one."""
        event = read_event(message)
        if event is None:
            return False
        if sender := message.get("from"):
            self._arrivals.note(event=True)
            if event.metadata is None:
                self._items.pop(sender, None)
            else:
                self._items[sender] = time.monotonic(), event.metadata
                self._items.move_to_end(sender)
                if len(self._items) > _LIMIT:
                    self._items.popitem(last=False)
        return True
