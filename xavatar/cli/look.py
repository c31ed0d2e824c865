"""From options to a judged snapshot, whole or partial."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
    limits: Limits | None = None,
) -> Audit:
    """Log in, ask, log out, judge, and write the files; after an interrupt, with what was seen by then.

    Parameters
    ----------
    way : Way
    ask : callable
        Collects what is judged.
    beside : callable, optional
        Collects what that is compared with, when it can be had.
    severities, off, limits : optional
        As for :meth:`Audit.of`.

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
            audit = Audit.of(seen, limits=limits, severities=severities, off=off, beside=other, previous=previous)
        for each in warned:
            print(f"xavatar: {each.message}", file=sys.stderr)
        if store is not None:
            store.save(audit.snapshot, audit.results)
        for target in targets:
            audit.report(target)
    return audit


def limits_of(wishes: Iterable[str] | None, *, join_occupants: bool = False) -> Limits:
    """Return the thresholds that options ask for.

    Raises
    ------
    ConfigError
        A name or a number that is none.
    """
    known = {field.name: field.type for field in fields(Limits) if field.name != "join_occupants"}
    chosen: dict[str, Any] = {"join_occupants": join_occupants}
    for wish in wishes or ():
        name, _, value = wish.partition("=")
        if name not in known:
            raise ConfigError(f"--limit {wish}: there is no limit {name!r}; these are: {', '.join(known)}.")
        try:
            chosen[name] = float(value) if known[name] == "float" else int(value)
        except ValueError:
            raise ConfigError(f"--limit {wish}: {value!r} is no {'number' if value else 'value'}.") from None
    return Limits(**chosen)


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
