"""How a session shows itself."""

from __future__ import annotations

from html import escape

from xavatar.client import State

_COLORS = {State.ONLINE: "#2e7d32", State.FAILED: "#c62828", State.CLOSED: "#757575"}
_UNSETTLED = "#ef6c00"


def text(kind: str, jid: str, state: State, notes: list[str]) -> str:
    """Return the repr: class, account, state, and what a reader should know besides."""
    return f"<{kind} {', '.join([jid, str(state), *notes])}>"


def html(jid: str, state: State, notes: list[str]) -> str:
    """Return the same as HTML, escaped."""
    extra = "".join(f"<br><small>{escape(note)}</small>" for note in notes)
    color = _COLORS.get(state, _UNSETTLED)
    return f'<div><b>xavatar</b> {escape(jid)} <span style="color:{color}">\N{BLACK CIRCLE} {state}</span>{extra}</div>'
