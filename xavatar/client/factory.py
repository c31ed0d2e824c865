"""The aioxmpp client of a session: our connector under it, polite services on it."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import aioxmpp
import aioxmpp.errors
import aioxmpp.roster.xso
import aioxmpp.security_layer

from xavatar.avatar.service import AvatarService
from xavatar.wire import Wire

from .capabilities import Capabilities
from .connector import Dialer, Security
from .login import Login

_logger = logging.getLogger("xavatar.connection")


class _Quiet(logging.Filter):
    """aioxmpp logs as errors, with tracebacks, what we raise or show as state."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno <= logging.DEBUG or _logger.isEnabledFor(logging.DEBUG)


def _quiet_logger() -> logging.Logger:
    base = logging.getLogger("xavatar.connection.aioxmpp")
    for name in ("", ".XMLStream", ".StanzaStream"):
        logger = logging.getLogger(base.name + name)
        if not any(isinstance(known, _Quiet) for known in logger.filters):
            logger.addFilter(_Quiet())
    return base


def make_client(login: Login, *, timeout: float, quiet: bool = True) -> aioxmpp.Client:
    """Return a client that is not started yet.

    Parameters
    ----------
    login : Login
    timeout : float
        Seconds for each step of connecting.
    quiet : bool
        Whoever owns the client shows its failures; aioxmpp need not log them.

    Raises
    ------
    ConfigError
        The JID is none of an account, or the CA file cannot be read.
    """
    address = login.address()

    async def password(_jid: Any, attempt: int) -> str | None:
        return login.password.reveal() if attempt == 0 else None

    layer = aioxmpp.security_layer.SecurityLayer(
        aioxmpp.security_layer.default_ssl_context,
        _RefusingVerifier,
        True,
        (aioxmpp.security_layer.PasswordSASLProvider(password),),
    )
    security = Security(login.verify, login.ca_file)
    security.context()  # a CA file that cannot be read is told now, not at some reconnect
    dialer = Dialer(address.domain, login.endpoint(), security)
    return aioxmpp.Client(
        address,
        layer,
        negotiation_timeout=timedelta(seconds=timeout),
        max_initial_attempts=1,
        override_peer=[(address.domain, 5222, dialer)],
        logger=_quiet_logger() if quiet else None,
    )


def dress(client: aioxmpp.Client, *, visible: bool) -> None:
    """Summon what a polite client has: identity, capabilities, avatars, ping, answers to roster pushes.

    Parameters
    ----------
    client : aioxmpp.Client
    visible : bool
        Send presence once connected; of negative priority, so that no message goes astray.
    """
    disco = client.summon(aioxmpp.DiscoServer)
    disco.register_identity("client", "pc", names={aioxmpp.structs.LanguageTag.fromstr("en"): "xavatar"})
    disco.unregister_identity("client", "bot")  # which aioxmpp gives to whoever has none
    Capabilities(client.summon(Wire), disco)
    client.summon(aioxmpp.EntityCapsService)
    client.summon(aioxmpp.PingService)

    async def acknowledge(iq: Any) -> None:
        # The roster is read anew for each collection; a push only wants its answer (RFC 6121, 2.1.6).
        if iq.from_ is not None and iq.from_ != client.local_jid.bare():
            raise aioxmpp.XMPPCancelError(aioxmpp.ErrorCondition.SERVICE_UNAVAILABLE)

    client.stream.register_iq_request_handler(aioxmpp.IQType.SET, aioxmpp.roster.xso.Query, acknowledge)
    if visible:
        client.summon(AvatarService)
        client.summon(aioxmpp.PresenceServer).set_presence(aioxmpp.PresenceState(True), priority=-1)


class _RefusingVerifier(aioxmpp.security_layer.CertificateVerifier):
    """For connections that aioxmpp dials past ours (a location given for resumption): none."""

    def verify_callback(self, *_: Any) -> bool:
        return False

    async def post_handshake(self, transport: Any) -> None:
        raise aioxmpp.errors.TLSFailure("only connections through our own connector are verified")
