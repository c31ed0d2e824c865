"""Answering IQs: counting them, applying faults, turning exceptions into stanza errors."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .faults import Faults, mangle, stanza_error
from .router import Router
from .stanza import Stanza, StanzaError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stats:
    """What the server was asked so far.

    Parameters
    ----------
    requests : int
        IQs of type get and set.
    by_kind : mapping of str to int
        The same by kind: metadata, data, vcard, disco, pep, roster, ping and other.
    presences, messages : int
        Stanzas from clients.
    connections : int
        TCP connections accepted.
    sessions : int
        Sessions bound now.
    """

    requests: int
    by_kind: Mapping[str, int]
    presences: int
    messages: int
    connections: int
    sessions: int


class Responder:
    """Answers requests, well or with the faults in force."""

    def __init__(self, router: Router, faults: Faults) -> None:
        self.counts: Counter[str] = Counter()
        self.stanzas: Counter[str] = Counter()
        self._router = router
        self._faults = faults
        self._timers: set[asyncio.TimerHandle] = set()

    def respond(self, stanza: Stanza, subject: str, kind: str, handler: Callable[[], str]) -> None:
        """Answer one request.

        Parameters
        ----------
        stanza : Stanza
            An IQ of type get or set.
        subject : str
            Bare JID whose faults apply.
        kind : str
            For the statistics and the faults: metadata, data, vcard, disco, pep, roster,
            ping or other.
        handler : callable
            Returns the result's payload as XML text, or raises StanzaError.
        """
        self.counts[kind] += 1
        fault = self._faults.take(subject, kind)
        if fault is None:
            self._router.deliver(stanza.sender.full, self._answer(stanza, handler, ""))
        elif fault.kind == "error":
            self._router.refuse(stanza, stanza_error(fault))
        elif fault.kind == "delay":
            self._later(fault.seconds, stanza, self._answer(stanza, handler, ""))
        elif fault.kind != "silence":
            self._router.deliver(stanza.sender.full, self._answer(stanza, handler, fault.kind))

    def stats(self, connections: int) -> Stats:
        """Return the counts as they are now."""
        return Stats(
            requests=self.counts.total(),
            by_kind=MappingProxyType(dict(self.counts)),
            presences=self.stanzas["presence"],
            messages=self.stanzas["message"],
            connections=connections,
            sessions=len(self._router.sessions()),
        )

    def cancel(self) -> None:
        """Drop the answers still delayed."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def _answer(self, stanza: Stanza, handler: Callable[[], str], spoil: str) -> str:
        try:
            payload = handler()
        except StanzaError as error:
            return stanza.refusal(error)
        except Exception:  # noqa: BLE001 - a bug here must not end the client's stream
            _log.exception("sandbox: answering an IQ of %s", stanza.sender.bare)
            return stanza.refusal(StanzaError("internal-server-error"))
        return stanza.result(mangle(spoil, payload) if spoil else payload)

    def _later(self, seconds: float, stanza: Stanza, answer: str) -> None:
        def send() -> None:
            self._timers.discard(timer)
            self._router.deliver(stanza.sender.full, answer)

        timer = asyncio.get_running_loop().call_later(seconds, send)
        self._timers.add(timer)
