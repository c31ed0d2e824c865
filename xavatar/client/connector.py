"""From a domain to a stream ready for login: SRV records, TCP, STARTTLS or direct TLS.

Failures come out as one of our connection errors and as nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aioxmpp
import aioxmpp.connector
import aioxmpp.errors
import aioxmpp.nonza
import aioxmpp.protocol
import dns.exception
import OpenSSL.SSL

from xavatar.errors import ConfigError, ConnectError, ConnectTimeout, Refused, TLSError, UnknownHost

from .transport import Bridge

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how to connect.

    Parameters
    ----------
    host : str
    port : int
    direct_tls : bool
        TLS from the first byte (XEP-0368), instead of STARTTLS.
    """

    host: str
    port: int
    direct_tls: bool = False


@dataclass(frozen=True, slots=True)
class Security:
    """How the server's certificate is judged.

    Parameters
    ----------
    verify : bool
        False accepts any certificate.
    ca_file : Path, optional
        Roots to trust instead of the system's, PEM.
    """

    verify: bool = True
    ca_file: Path | None = None

    def context(self, *, direct: bool = False) -> ssl.SSLContext:
        """Return a TLS context.

        Raises
        ------
        ConfigError
            The CA file cannot be read.
        """
        try:
            context = ssl.create_default_context(cafile=str(self.ca_file) if self.ca_file else None)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"ca_file {self.ca_file}: {error}. Give a file of PEM certificates.") from None
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if direct:
            context.set_alpn_protocols(["xmpp-client"])
        return context


class Unreachable(OpenSSL.SSL.Error):
    """Carries our error through aioxmpp's reconnecting.

    aioxmpp answers an OSError of a given peer by looking the domain up once more on its own,
    past our TLS; after this class of errors it waits and calls us again.
    """

    def __init__(self, error: ConnectError) -> None:
        super().__init__(str(error))
        self.error = error


class Dialer(aioxmpp.connector.BaseConnector):
    """Connects to the first endpoint that works.

    Parameters
    ----------
    domain : str
        Of the account.
    endpoint : Endpoint, optional
        Left out, SRV records decide, then the domain itself at port 5222.
    security : Security
    """

    def __init__(self, domain: str, endpoint: Endpoint | None, security: Security) -> None:
        self._domain = domain
        self._endpoint = endpoint
        self._security = security

    @property
    def tls_supported(self) -> bool:
        """TLS is not only supported but required."""
        return True

    @property
    def dane_supported(self) -> bool:
        """No DANE."""
        return False

    async def connect(
        self,
        loop: Any,
        metadata: Any,
        domain: str,
        host: str,
        port: int,
        negotiation_timeout: float,
        base_logger: logging.Logger | None = None,
    ) -> tuple[Any, Any, Any]:
        """Return transport, XML stream and features; see :class:`aioxmpp.connector.BaseConnector`."""
        first: ConnectError | None = None
        try:
            endpoints = [self._endpoint] if self._endpoint else await self._look_up()
            for endpoint in endpoints:
                try:
                    return await self._dial(endpoint, negotiation_timeout, base_logger)
                except ConnectError as error:
                    _logger.debug("%s:%s failed: %s", endpoint.host, endpoint.port, error)
                    first = first or error
        except ConnectError as error:
            first = error
        raise Unreachable(first or UnknownHost(f"{self._domain} offers no XMPP service for clients.")) from first

    async def _look_up(self) -> list[Endpoint]:
        try:
            found = await aioxmpp.node.discover_connectors(self._domain, logger=_logger)
        except ValueError:
            raise UnknownHost(f"{self._domain} says that it offers no XMPP (its SRV record is '.').") from None
        except (dns.exception.DNSException, OSError, UnicodeError) as error:
            raise UnknownHost(
                f"{self._domain}: no SRV record could be looked up ({error}). Give `host` and `port`."
            ) from None
        direct = aioxmpp.connector.XMPPOverTLSConnector
        return [Endpoint(host, port, isinstance(kind, direct)) for host, port, kind in found]

    async def _dial(
        self, endpoint: Endpoint, timeout: float, base_logger: logging.Logger | None
    ) -> tuple[Any, Any, Any]:
        where = f"{self._domain} at {endpoint.host}:{endpoint.port}"
        stream = aioxmpp.protocol.XMLStream(
            to=aioxmpp.JID(None, self._domain, None), base_logger=base_logger or _logger
        )
        try:
            async with asyncio.timeout(timeout):
                return await self._negotiate(stream, endpoint, timeout)
        except TimeoutError:
            raise ConnectTimeout(f"{where} did not answer within {timeout:g} s.") from None
        except ssl.SSLCertVerificationError as error:
            raise TLSError(
                f"{where}: the certificate is not trusted ({error.verify_message}). "
                "Give the CA with `ca_file`, or `verify=False` to accept any certificate."
            ) from None
        except (ssl.SSLError, aioxmpp.errors.TLSFailure) as error:
            raise TLSError(f"{where}: TLS failed ({error}).") from None
        except socket.gaierror as error:
            raise UnknownHost(f"{where}: no address for the host ({error.strerror}). Check domain and host.") from None
        except ConnectionRefusedError:
            raise Refused(
                f"{where}: nothing accepts connections there. Check `port`, and that the server runs."
            ) from None
        except aioxmpp.errors.StreamError as error:
            if error.condition is aioxmpp.errors.StreamErrorCondition.HOST_UNKNOWN:
                raise UnknownHost(f"{where}: that server does not serve this domain. Check domain and host.") from None
            raise ConnectError(f"{where}: the server ended the stream ({error.condition.value[1]}).") from None
        except OSError as error:
            raise ConnectError(f"{where}: {error.strerror or type(error).__name__}.") from None
        finally:
            # A stream that failed closes, and tells futures that nobody waits for any more.
            if stream.state is not aioxmpp.protocol.State.OPEN:
                stream.abort()

    async def _negotiate(self, stream: Any, endpoint: Endpoint, timeout: float) -> tuple[Any, Any, Any]:
        loop = asyncio.get_running_loop()
        name = self._domain.encode("idna").decode()
        context = self._security.context(direct=endpoint.direct_tls)
        features = stream.features_future()
        features.add_done_callback(lambda future: future.cancelled() or future.exception())
        try:
            await loop.create_connection(
                lambda: Bridge(stream, name),
                endpoint.host,
                endpoint.port,
                ssl=context if endpoint.direct_tls else None,
                server_hostname=name if endpoint.direct_tls else None,
            )
            stream.deadtime_hard_limit = timedelta(seconds=timeout)
            announced = await features
            if not endpoint.direct_tls:
                announced = await self._start_tls(stream, context, timeout)
        except BaseException:
            features.cancel()
            if stream.transport is not None:
                stream.transport.abort()
            raise
        return stream.transport, stream, announced

    async def _start_tls(self, stream: Any, context: ssl.SSLContext, timeout: float) -> Any:
        # Asked for whether announced or not: a stripped announcement must not strip TLS.
        response = await aioxmpp.protocol.send_and_wait_for(
            stream,
            [aioxmpp.nonza.StartTLS()],
            [aioxmpp.nonza.StartTLSFailure, aioxmpp.nonza.StartTLSProceed],
            timeout=timeout,
        )
        if not isinstance(response, aioxmpp.nonza.StartTLSProceed):
            raise aioxmpp.errors.TLSUnavailable("the server refuses STARTTLS")
        await stream.starttls(context)
        return await aioxmpp.protocol.reset_stream_and_get_features(stream, timeout=timeout)
