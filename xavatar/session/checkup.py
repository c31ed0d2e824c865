"""Whether a session works: on an embedded server always, with an account when one is given."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import dns.exception
import dns.resolver

from xavatar.client import Features
from xavatar.errors import (
    AuthError,
    ConfigError,
    ConnectTimeout,
    QueryError,
    Refused,
    SessionError,
    TLSError,
    UnknownHost,
    XavatarError,
)

from .blocking import Session
from .health import Check, State
from .opening import connect

_SCENARIO: Final = "pair"
_SERVICES: Final = {"_xmpp-client._tcp": "STARTTLS", "_xmpps-client._tcp": "direct TLS"}


@dataclass(frozen=True, slots=True)
class Account:
    """Whom to log in as, and where; the password comes from the environment, the keyring or a prompt."""

    jid: str
    host: str | None = None
    port: int | None = None
    ca_file: Path | None = None
    verify: bool = True
    timeout: float | None = None


def embedded() -> Check:
    """Start a sandbox, log in, ask for the roster's avatars, and stop it."""
    area, name = "Connection", "sandbox"
    begun = time.perf_counter()
    try:
        with connect(sandbox=_SCENARIO) as session:
            rows = len(session.roster(progress=False))
    except (XavatarError, OSError) as error:
        fix = "Nothing outside of this machine is needed for it: look for a firewall on loopback, and report it."
        return Check(area, name, State.PROBLEM, str(error), fix)
    seconds = time.perf_counter() - begun
    return Check(area, name, State.FINE, f"login, TLS and {rows} answers in {seconds:.1f} s")


def account(who: Account) -> Iterator[Check]:
    """Yield what happens on the way from a domain to a published avatar, as far as it leads."""
    if who.host is None:
        yield addresses(who.jid.partition("/")[0].rpartition("@")[2], who.timeout or 5.0)
    else:
        yield Check("Account", "address", State.FINE, f"{who.host}:{who.port or 5222}, as told; DNS is not asked")
    try:
        session = connect(
            who.jid, host=who.host, port=who.port, ca_file=who.ca_file, verify=who.verify, timeout=who.timeout,
            presence=False,
        )  # fmt: skip
    except (SessionError, ConfigError) as error:
        yield from _unconnected(error)
        return
    with session:
        yield from _connected(session, verified=who.verify)


def addresses(domain: str, timeout: float) -> Check:
    """Ask DNS where a domain's XMPP service for clients is (RFC 6120, 3.2; XEP-0368)."""
    area, name = "Account", "DNS"
    found: list[str] = []
    for service, kind in _SERVICES.items():
        try:
            answer = dns.resolver.resolve(f"{service}.{domain}", "SRV", lifetime=timeout)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            continue
        except (dns.exception.DNSException, OSError) as error:
            fix = "Check the network's resolver, or give --host and --port."
            return Check(area, name, State.WARNING, f"no answer about {domain} ({error})", fix)
        found += [f"{each.target.to_text(omit_final_dot=True)}:{each.port} ({kind})" for each in answer]
    if found:
        return Check(area, name, State.FINE, ", ".join(sorted(found)))
    return Check(area, name, State.NOTE, f"no SRV record for {domain}; the domain itself is tried, at port 5222")


def _unconnected(error: XavatarError) -> Iterator[Check]:
    """Tell how far it went: each step that an error names was reached by the ones before it."""
    fixes: dict[type[XavatarError], tuple[str, str]] = {
        UnknownHost: ("server", "Look for a typing error in the JID; a server of another name wants --host."),
        Refused: ("server", "Check that the server runs, and the port: 5222 is for STARTTLS. Firewalls refuse, too."),
        ConnectTimeout: ("server", "A firewall may drop what is sent to that port; try another network, or --timeout."),
        TLSError: ("TLS", "Give the authority with --ca-file, or have the certificate renewed. Leave checking on."),
        AuthError: ("login", "Check user name and password; an old XAVATAR_PASSWORD comes before the keyring."),
        ConfigError: ("login", "Set XAVATAR_PASSWORD, or keep the password with `keyring set xavatar JID`."),
    }  # fmt: skip
    step, fix = next(
        (told for kind, told in fixes.items() if isinstance(error, kind)), ("connection", "Try again later.")
    )
    if step == "login" and isinstance(error, AuthError):
        yield Check("Account", "TLS", State.FINE, "the server was reached")
    yield Check("Account", step, State.PROBLEM, str(error), fix)


def _connected(session: Session, *, verified: bool) -> Iterator[Check]:
    if verified:
        yield Check("Account", "TLS", State.FINE, "certificate checked")
    else:
        fix = "Leave --no-verify out; --ca-file names an authority of your own."
        yield Check("Account", "TLS", State.WARNING, "the certificate was not checked: anybody may be listening", fix)
    yield Check("Account", "login", State.FINE, session.jid)
    begun = time.perf_counter()
    try:
        offered = session.features()
    except (QueryError, SessionError) as error:
        yield Check("Account", "features", State.PROBLEM, str(error), "Ask who runs the server.")
        return
    answered = (time.perf_counter() - begun) * 1000
    told = f"{offered.software or 'no name'}, answered in {answered:.0f} ms"
    yield Check("Account", "server", State.FINE, told)
    yield from features(offered)


def features(offered: Features) -> Iterator[Check]:
    """Yield what a server offers for avatars, and what that means."""
    yield _offered(
        "PEP", offered.pep, "avatars are published in PEP (XEP-0084)",
        "no PEP: avatars can only be in the vCard",
        "Switch on mod_pep (Prosody), or mod_pubsub with plugin pep (ejabberd).", State.PROBLEM,
    )  # fmt: skip
    yield _offered(
        "publish-options", offered.publish_options, "who may see an avatar is chosen as it is published",
        "no publish-options: the access model is set afterwards", "A newer server has them.", State.WARNING,
    )  # fmt: skip
    yield _offered(
        "vCard", offered.vcard, "older clients find avatars in the vCard (XEP-0153)",
        "no vcard-temp: older clients see no avatar", "Have mod_vcard switched on, or mod_vcard_legacy.", State.WARNING,
    )  # fmt: skip
    yield _offered(
        "XEP-0398", offered.pep_vcard_conversion, "the server converts: publishing in PEP is enough",
        "the server does not convert: xavatar publishes in PEP and, with --vcard, in the vCard too", "", State.NOTE,
    )  # fmt: skip
    told = f"{offered.upload}{', with purpose profile' if offered.upload_profile else ''}"
    yield _offered(
        "upload", offered.upload is not None, f"large pictures go to {told}",
        "no HTTP upload (XEP-0363): pictures stay within PEP, which is where small ones belong", "", State.NOTE,
    )  # fmt: skip
    rooms = ", ".join(offered.rooms)
    yield _offered("rooms", bool(rooms), rooms, "no service for rooms on this server", "", State.NOTE)


def _offered(name: str, there: bool, good: str, bad: str, fix: str, state: State) -> Check:
    return Check("Account", name, State.FINE, good) if there else Check("Account", name, state, bad, fix)


def logged_in(checks: Iterable[Check]) -> bool:
    """Tell whether the account could be logged in to; true as well when there was none."""
    asked = [check for check in checks if check.area == "Account"]
    return not asked or any(check.name == "login" and check.state is State.FINE for check in asked)
