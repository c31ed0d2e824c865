"""The presence rules of XEP-0153, 4, as a state machine without a network.

What we say of our vCard photo is ``None`` (``<x/>``: not ready), ``""`` (``<photo/>``: there is
none) or its SHA-1. The machine hears what our other resources say and answers with what is to be
done. Its one rule of sending: a presence goes out again when what we would say is not what we
said last. Together with :class:`Pace` that makes a presence storm (D-40) impossible.
"""

from __future__ import annotations

from enum import Flag, auto

from .ids import is_sha1, normalize_id
from .parse import Update, UpdateState

UNSAID = "\0"
_RESOURCES = 64
_Said = tuple[UpdateState, str]


class Todo(Flag):
    """What an event calls for."""

    NOTHING = 0
    FETCH = auto()
    """Download our vCard and tell :meth:`PresenceRules.fetched`."""
    SEND = auto()
    """Send our presence again."""


class PresenceRules:
    """What one session says of its vCard photo.

    Attributes
    ----------
    advertise : bool
        Whether anything is said at all.
    converts : bool, optional
        The server announces XEP-0398 and says the hash itself: then we only ever say ``<x/>``
        (P398-05). ``None`` until it is known; the same is said then.
    opted_out : bool
        Say ``<photo/>`` to a converting server, so that it adds no hash (P398-04).
    """

    def __init__(self) -> None:
        self.advertise = True
        self.opted_out = False
        self._forget()

    def _forget(self) -> None:
        self.converts: bool | None = None
        self._photo: str | None = None
        self._said: str | None = None
        self._online = False
        self._heard: dict[str, _Said] = {}
        self._silent: set[str] = set()

    @property
    def says(self) -> str | None:
        """What a presence sent now says: ``None``, ``""`` or a SHA-1."""
        if self.converts is not False:
            return "" if self.opted_out else None
        return None if self._silent else self._photo

    @property
    def silent_resources(self) -> frozenset[str]:
        """Our resources that do not know XEP-0153; while there are any, no hash is said (4.3.1)."""
        return frozenset(self._silent)

    @property
    def _decides(self) -> bool:
        return self.advertise and self._online and self.converts is False

    def disconnected(self) -> None:
        """Forget everything: a new stream begins not ready (P153-07, D-19)."""
        self._forget()

    def sent(self, photo: str | None = UNSAID) -> Todo:
        """Note what an available presence of ours, to all, said; nothing, without ``<x/>``."""
        first, self._online, self._said = not self._online, True, photo
        return Todo.FETCH if first and self._decides and self._photo is None else Todo.NOTHING

    def offline(self) -> None:
        """Note that we went offline to all; the next available presence begins anew."""
        self._online, self._said = False, None

    def learned(self, *, converts: bool) -> Todo:
        """Note whether the server converts (XEP-0398)."""
        self.converts = converts
        return Todo.FETCH if self._decides and self._photo is None else self._unless_said()

    def toggled(self, advertise: bool) -> Todo:
        """Switch the advertisement on or off; on, the vCard has to be fetched first (P153-07)."""
        self.advertise = advertise
        self._photo = None
        return Todo.FETCH if self._decides else Todo.NOTHING

    def heard(self, resource: str, update: Update) -> Todo:
        """Hear what another resource of our account says (4.3)."""
        said = (update.state, normalize_id(update.hash or ""))
        news = self._heard.get(resource) != said
        self._remember(resource, said)
        if update.state is UpdateState.ABSENT:
            self._silent.add(resource)
            return self._unless_said()
        if resource in self._silent:
            self._silent.discard(resource)
            if not self._silent:
                return self._reset()
        # The same value again is no news: that is how two sessions rouse each other for ever.
        if not news or not self._decides or not self._disputes(said):
            return Todo.NOTHING
        return Todo.FETCH if update.state is UpdateState.EMPTY else self._reset()

    def gone(self, resource: str) -> Todo:
        """Note that another resource went offline; the last silent one frees us (4.3.1)."""
        self._heard.pop(resource, None)
        if resource not in self._silent:
            return Todo.NOTHING
        self._silent.discard(resource)
        return Todo.NOTHING if self._silent else self._reset()

    def fetched(self, photo: str | None) -> Todo:
        """Take the hash of our vCard's photo, ``""`` when it has none, ``None`` when it could not be read."""
        self._photo = photo
        return self._unless_said()

    def stored(self, photo: str) -> Todo:
        """Take the hash of a photo that we stored just now, ``""`` when we removed it (P153-07, D-15)."""
        return self.fetched(photo)

    def due(self) -> bool:
        """Tell whether what we would say differs from what we said."""
        return self._unless_said() is Todo.SEND

    def disputed(self) -> bool:
        """Tell whether another resource says something else than our vCard showed."""
        return any(self._disputes(said) for said in self._heard.values())

    def _disputes(self, said: _Said) -> bool:
        state, value = said
        if state is UpdateState.EMPTY:
            return self._photo != ""
        # Servers inject ItemIDs that are no hashes; they say nothing of the vCard.
        return state is UpdateState.HASH and is_sha1(value) and value != self._photo

    def _remember(self, resource: str, said: _Said) -> None:
        if resource not in self._heard and len(self._heard) >= _RESOURCES:
            self._silent.discard(dropped := next(iter(self._heard)))
            del self._heard[dropped]
        self._heard[resource] = said

    def _reset(self) -> Todo:
        """Say ``<x/>`` and look at the vCard again (4.4)."""
        if not self._decides:
            return Todo.NOTHING
        self._photo = None
        return Todo.FETCH | self._unless_said()

    def _unless_said(self) -> Todo:
        return Todo.SEND if self.advertise and self._online and self.says != self._said else Todo.NOTHING


class Pace:
    """How soon something may be done again: the gap doubles while it is done at every chance.

    Parameters
    ----------
    gap, longest : float
        Seconds between two times, at first and at most.
    """

    def __init__(self, gap: float, longest: float = 600.0) -> None:
        self._shortest = self._gap = gap
        self._longest = longest
        self._last: float | None = None

    def wait(self, now: float) -> float:
        """Return the seconds to wait from `now`."""
        return 0.0 if self._last is None else max(0.0, self._last + self._gap - now)

    def spent(self, now: float) -> None:
        """Note that it was done."""
        if self._last is not None:
            busy = now - self._last < 2 * self._gap
            self._gap = min(2 * self._gap, self._longest) if busy else self._shortest
        self._last = now
