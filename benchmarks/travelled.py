"""What a fetch sends and gets, counted on the wire itself."""

from __future__ import annotations

from xavatar.session import Session
from xavatar.wire.capture import Direction

from .race import METADATA


def travelled(session: Session) -> tuple[int, int]:
    """Fetch PEP once more under a trace; return its metadata queries, and the bytes of the images that came."""
    with session.recording() as trace:
        session.roster(images=True, sources=("pep",), progress=False)
    if trace.dropped:
        raise SystemExit(f"The trace lost {trace.dropped} stanzas, its counts would be too small.")
    asked = trace.filter(kind="iq", direction=Direction.OUT)
    queries = [entry for entry in asked if entry.type == "get" and METADATA.encode() in entry.raw]
    images = [image for entry in trace.filter(direction=Direction.IN) for image in entry.images]
    return len(queries), sum(map(len, images))
