"""From options to a judged snapshot, whole or partial."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path

from xavatar import session
from xavatar.audit import Audit
from xavatar.audit.writers import find
from xavatar.errors import ConfigError, SessionClosed
from xavatar.model import Snapshot

from .options import Way

Ask = Callable[[session.Session], object]


def look(way: Way, ask: Ask, *, severities: Mapping[str, str] | None = None, off: Collection[str] = ()) -> Audit:
    """Log in, ask, log out, judge, and write the files; after an interrupt, with what was seen by then.

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
    audit = Audit.of(_collect(way, ask), severities=severities, off=off)
    for target in targets:
        audit.report(target)
    return audit


def _collect(way: Way, ask: Ask) -> Snapshot:
    with session.connect(
        way.jid,
        sandbox=way.sandbox,
        host=way.host,
        port=way.port,
        ca_file=way.ca_file,
        verify=way.verify,
        presence=way.presence,
        timeout=way.timeout,
    ) as opened:
        try:
            ask(opened)
        except (KeyboardInterrupt, SessionClosed):
            if opened.last is None:
                raise
        assert opened.last is not None
        return opened.last
