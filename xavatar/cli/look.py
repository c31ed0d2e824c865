"""From options to a judged snapshot, whole or partial."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

from xavatar import session
from xavatar.audit import Audit, Limits, PrivacyWarning
from xavatar.audit.writers import find
from xavatar.errors import ConfigError, QueryError, SessionClosed, SnapshotNotFound
from xavatar.model import Snapshot
from xavatar.store import Store

from .options import Way

Ask = Callable[[session.Session], object]


def look(
    way: Way,
    ask: Ask,
    *,
    beside: Ask | None = None,
    severities: Mapping[str, str] | None = None,
    off: Collection[str] = (),
    join_occupants: bool = False,
) -> Audit:
    """Log in, ask, log out, judge, and write the files; after an interrupt, with what was seen by then.

    Parameters
    ----------
    way : Way
    ask : callable
        Collects what is judged.
    beside : callable, optional
        Collects what that is compared with, when it can be had.
    severities, off : optional
        As for :meth:`Audit.of`.
    join_occupants : bool
        Compare occupants with the roster by picture (A-24).

    Raises
    ------
    ConfigError, SessionError, QueryError
    KeyboardInterrupt
        Only when nothing was collected yet.
    """
    if way.jid is None and way.sandbox is None:
        raise ConfigError("Whom to log in as? Give a JID, or --sandbox verona to look around without an account.")
    # A slip in a rule's or a file's name should not cost a collection.
    Audit.of(Snapshot("", "", (), datetime.now(UTC)), severities=severities, off=off)
    targets = [Path(path) for path in way.out or ()]
    for target in targets:
        find(target)
    with Store(way.store) if way.store else nullcontext() as store:
        seen, other = _collect(way, ask, beside, store)
        previous = _previous(store, seen) if store is not None else None
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always", PrivacyWarning)
            limits = Limits(join_occupants=join_occupants)
            audit = Audit.of(seen, limits=limits, severities=severities, off=off, beside=other, previous=previous)
        for each in warned:
            print(f"xavatar: {each.message}", file=sys.stderr)
        if store is not None:
            store.save(audit.snapshot, audit.results)
        for target in targets:
            audit.report(target)
    return audit


def _previous(store: Store, seen: Snapshot) -> Snapshot | None:
    try:
        return store.previous(seen)
    except SnapshotNotFound:
        return None


def opened(way: Way, store: Store | None = None) -> session.Session:
    """Log in; pictures are kept in `store`, else for as long as the process runs.

    Raises
    ------
    ConfigError, SessionError
    """
    if way.jid is None and way.sandbox is None:
        raise ConfigError("Whom to log in as? Give a JID, or --sandbox verona to look around without an account.")
    return session.connect(
        way.jid,
        sandbox=way.sandbox,
        host=way.host,
        port=way.port,
        ca_file=way.ca_file,
        verify=way.verify,
        presence=way.presence,
        timeout=way.timeout,
        store=store,
    )


def _collect(way: Way, ask: Ask, beside: Ask | None, store: Store | None) -> tuple[Snapshot, Snapshot | None]:
    with opened(way, store) as online:
        try:
            ask(online)
        except (KeyboardInterrupt, SessionClosed):
            if online.last is None:
                raise
        seen = online.last
        assert seen is not None
        if beside is None or not seen.complete:
            return seen, None
        try:
            beside(online)
        except (QueryError, SessionClosed):
            return seen, None
        return seen, online.last
