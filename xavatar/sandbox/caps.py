"""Entity capabilities (XEP-0115): which events a client wants, asked once per version."""

from __future__ import annotations

from itertools import count

from . import ns
from .events import Events
from .router import Router
from .session import Session
from .stanza import Stanza
from .xml import escape

_CAPS = f"{{{ns.CAPS}}}c"
_FEATURE = f"{{{ns.DISCO_INFO}}}query/{{{ns.DISCO_INFO}}}feature"


class Caps:
    """What is known of each ``node#ver``, and whom we are asking about the rest."""

    def __init__(self, router: Router, events: Events) -> None:
        self._router = router
        self._events = events
        self._known: dict[str, frozenset[str]] = {}
        self._asked: dict[str, tuple[str, Session]] = {}
        self._ids = count(1)

    def learn(self, session: Session, presence: Stanza, *, initial: bool) -> None:
        """Take the caps of a presence; push last items for what the client newly wants."""
        element = presence.element.find(_CAPS)
        key = f"{element.get('node', '')}#{element.get('ver', '')}" if element is not None else ""
        if key == session.caps and not initial:
            return
        session.caps = key
        if initial:
            session.notify = frozenset()
        if key in self._known or not key:
            self._apply(session, self._known.get(key, frozenset()))
        elif all(asked != key for asked, _ in self._asked.values()):
            self._ask(key, session)

    def answered(self, stanza: Stanza) -> None:
        """Take the answer to one of our questions; anything else is passed over."""
        key, asked = self._asked.get(stanza.id, ("", None))
        if asked is None or asked.jid != stanza.sender:
            return
        del self._asked[stanza.id]
        features = {feature.get("var", "") for feature in stanza.element.iterfind(_FEATURE)}
        wanted = frozenset(name.removesuffix("+notify") for name in features if name.endswith("+notify"))
        if stanza.type == "result":
            self._known[key] = wanted
        for session in self._router.sessions():
            if session.caps == key and session.presence is not None:
                self._apply(session, wanted)

    def forget(self, session: Session) -> None:
        """Drop a session that is gone; ask another of the same version what it did not answer."""
        for identity, (key, asked) in list(self._asked.items()):
            if asked is session:
                del self._asked[identity]
                heir = next((other for other in self._router.sessions() if other.caps == key), None)
                if heir is not None and heir is not session:
                    self._ask(key, heir)

    def _ask(self, key: str, session: Session) -> None:
        identity = f"caps-{next(self._ids)}"
        self._asked[identity] = (key, session)
        session.send(
            f"<iq type='get' id='{identity}' from='{escape(session.jid.bare)}' to='{escape(session.jid.full)}'>"
            f"<query xmlns='{ns.DISCO_INFO}' node='{escape(key)}'/></iq>"
        )

    def _apply(self, session: Session, wanted: frozenset[str]) -> None:
        new, session.notify = wanted - session.notify, wanted
        self._events.arrived(session, new)
