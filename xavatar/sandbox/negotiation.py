"""From a fresh connection to a bound session (RFC 6120, 4.3): STARTTLS, SASL, binding."""

from __future__ import annotations

import ssl
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import Protocol
from xml.etree.ElementTree import Element

from . import ns, sasl
from .accounts import AccountState
from .management import count_of, failed
from .session import Session
from .stanza import StanzaError
from .stream import Stream
from .xml import children, escape, split_tag

_ATTEMPTS = 5


class Binder(Protocol):
    """What negotiation needs of the server behind it."""

    @property
    def stream_management(self) -> bool:
        """Offer XEP-0198."""

    def serves(self, domain: str) -> bool:
        """Whether somebody can log in at this domain."""

    def login(self, local: str, domain: str) -> AccountState | None:
        """Return the account that can log in by this name."""

    def bind(self, account: AccountState, resource: str) -> Session:
        """Bind a resource, ``""`` for one of the server's choice."""

    def resume(self, account: AccountState, previous: str) -> Session | None:
        """Return the session of this resumption id."""


class Negotiation:
    """Owns a stream until a session takes it over.

    Parameters
    ----------
    stream : Stream
    binder : Binder
    tls : ssl.SSLContext
    """

    def __init__(self, stream: Stream, binder: Binder, tls: ssl.SSLContext) -> None:
        self._stream = stream
        self._binder = binder
        self._tls = tls
        self._domain = ""
        self._account: AccountState | None = None
        self._exchange: sasl.Exchange | None = None
        self._failures = 0
        stream.on_header = self._header
        stream.on_element = self._element

    def _header(self, attributes: dict[str, str]) -> None:
        self._domain = attributes.get("to", "").lower()
        if not self._binder.serves(self._domain):
            text = f"Nobody can log in at {self._domain or 'no domain'} here."
            self._stream.fail("host-unknown", text, self._domain or "localhost")
        elif not attributes.get("version", "").startswith("1."):
            self._stream.fail("unsupported-version", domain=self._domain)
        else:
            self._stream.header(self._domain)
            self._stream.send(f"<stream:features>{self._features()}</stream:features>")

    def _features(self) -> str:
        return self._offered() + (
            f"<limits xmlns='{ns.STREAM_LIMITS}'><max-bytes>{self._stream.limit}</max-bytes></limits>"
        )

    def _offered(self) -> str:
        if not self._stream.secure:
            return f"<starttls xmlns='{ns.TLS}'><required/></starttls>"
        if self._account is None:
            names = "".join(f"<mechanism>{name}</mechanism>" for name in sasl.MECHANISMS)
            return f"<mechanisms xmlns='{ns.SASL}'>{names}</mechanisms>"
        managed = f"<sm xmlns='{ns.SM}'><optional/></sm>" if self._binder.stream_management else ""
        return f"<bind xmlns='{ns.BIND}'/><session xmlns='{ns.SESSION}'><optional/></session>{managed}"

    def _element(self, element: Element) -> None:
        namespace, local = split_tag(element.tag)
        if not self._stream.secure:
            if (namespace, local) == (ns.TLS, "starttls"):
                self._stream.send(f"<proceed xmlns='{ns.TLS}'/>")
                self._stream.start_tls(self._tls)
            else:
                self._stream.fail("policy-violation", "STARTTLS is required first.", self._domain)
        elif self._account is None:
            if namespace == ns.SASL:
                self._authenticate(element, local)
            else:
                self._stream.fail("not-authorized", "Log in first.", self._domain)
        elif (namespace, local) == (ns.SM, "resume"):
            self._resume(element, self._account)
        elif (namespace, local) == (ns.CLIENT, "iq"):
            self._bind(element, self._account)
        elif namespace == ns.SM:
            self._stream.send(failed("unexpected-request"))
        else:
            self._stream.fail("not-authorized", "Bind a resource first.", self._domain)

    def _authenticate(self, element: Element, local: str) -> None:
        try:
            if local == "abort":
                raise sasl.SaslFailure("aborted")
            if local == "auth":
                self._exchange = sasl.begin(element.get("mechanism", ""), self._lookup)
                if not element.text:
                    self._stream.send(f"<challenge xmlns='{ns.SASL}'/>")
                    return
            if self._exchange is None or local not in ("auth", "response"):
                raise sasl.SaslFailure("malformed-request")
            step = self._exchange.respond(_decoded(element.text or ""))
        except sasl.SaslFailure as failure:
            self._refuse(failure.condition)
            return
        reply = b64encode(step.reply).decode()
        if step.account is None:
            self._stream.send(f"<challenge xmlns='{ns.SASL}'>{reply}</challenge>")
            return
        self._account = step.account
        self._stream.send(f"<success xmlns='{ns.SASL}'>{reply}</success>")
        self._stream.restart()

    def _lookup(self, user: str) -> AccountState | None:
        return self._binder.login(user, self._domain)

    def _refuse(self, condition: str) -> None:
        self._exchange = None
        self._failures += 1
        self._stream.send(f"<failure xmlns='{ns.SASL}'><{condition}/></failure>")
        if self._failures >= _ATTEMPTS:
            self._stream.fail("policy-violation", "Too many attempts to log in.", self._domain)

    def _bind(self, element: Element, account: AccountState) -> None:
        bind = next(children(element, ns.BIND, "bind"), None)
        if bind is None or element.get("type") != "set":
            self._stream.fail("not-authorized", "Bind a resource first.", self._domain)
            return
        identity = escape(element.get("id", ""))
        resource = (bind.findtext(f"{{{ns.BIND}}}resource") or "").strip()
        try:
            session = self._binder.bind(account, resource)
        except StanzaError as error:
            self._stream.send(f"<iq type='error' id='{identity}'>{error.render()}</iq>")
            return
        self._stream.send(
            f"<iq type='result' id='{identity}'><bind xmlns='{ns.BIND}'>"
            f"<jid>{escape(session.jid.full)}</jid></bind></iq>"
        )
        session.attach(self._stream)

    def _resume(self, element: Element, account: AccountState) -> None:
        h = count_of(element)
        session = self._binder.resume(account, element.get("previd", ""))
        if session is None or h is None:
            self._stream.send(failed("item-not-found" if session is None else "bad-request"))
            return
        if not session.management.acknowledge(h):
            self._stream.fail("undefined-condition", "The session cannot have handled that many.", self._domain)
            return
        former = session.detach()
        if former is not None:
            former.fail("conflict", "The session was resumed on another connection.", self._domain)
        self._stream.send(session.management.resumed())
        session.attach(self._stream)


def _decoded(text: str) -> bytes:
    if text == "=":
        return b""
    try:
        return b64decode(text, validate=True)
    except (Base64Error, ValueError):
        raise sasl.SaslFailure("incorrect-encoding") from None
