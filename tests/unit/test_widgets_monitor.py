"""The monitor without a browser: what it tells a page, and when."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.browser.people import EVIL, TURNED, picture
from xavatar.collect.changes import NONE, Change, Changes, Face, What
from xavatar.model import Source
from xavatar.widgets import Monitor

AT = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def face(seed: int, pictures: dict[str, bytes]) -> Face:
    data = picture(seed)
    sha1 = hashlib.sha1(data).hexdigest()
    pictures[sha1] = data
    return Face(sha1, sha1, "image/png", len(data), 96, 96)


def change(before: Face | None = None, after: Face = NONE, **more: Any) -> Change:
    what = What.PUBLISHED if after.id else What.DISABLED
    return Change(**{"jid": "romeo@montague.lit", "name": "Romeo", "what": what, "source": Source.PEP, "at": AT,
                     "before": before, "after": after, **more})  # fmt: skip


def until(true: Callable[[], bool]) -> None:
    """Wait for the pulse, whose time is its own."""
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def pictures() -> dict[str, bytes]:
    return {}


@pytest.fixture
def monitor(pictures: dict[str, bytes]) -> Iterator[Monitor]:
    made = Monitor(Changes(5, pictures.get))
    yield made
    made.close()


def rows(monitor: Monitor, after: int = 0) -> list[dict[str, Any]]:
    """Return what a page gets that asks for rows."""
    sent: list[dict[str, Any]] = []
    monitor.send = lambda content, buffers=None: sent.append(content)
    monitor._send_rows(after)
    return [row for content in sent for row in content["rows"]]


def test_news_are_counted_and_asked_for(monitor: Monitor, pictures: dict[str, bytes]) -> None:
    before, after = face(1, pictures), face(2, pictures)
    monitor.changes.add(change(before, after))
    monitor.changes.add(change(after, NONE))
    until(lambda: monitor._newest == 2)
    first, second = rows(monitor)
    assert (first["number"], first["label"], first["what"], first["source"]) == (1, "Romeo", "published", "PEP")
    assert first["after"] == second["before"]
    assert second["after"]["picture"] == -1
    assert monitor._album.original(first["before"]["picture"]) == picture(1)
    assert first["after"]["facts"] == f"PNG, 96 × 96, {len(picture(2))} bytes"
    assert [row["number"] for row in rows(monitor, 1)] == [2]
    assert monitor.frame["what"].tolist() == ["published", "disabled"]
    assert repr(monitor) == "<Monitor: 2 changes>"


def test_pause_clear_and_the_bound(monitor: Monitor) -> None:
    monitor.paused = True
    for _ in range(7):
        monitor.changes.add(change())
    until(lambda: monitor._held == 7)
    assert rows(monitor) == []
    assert (len(monitor.changes), monitor._keep) == (5, 5)
    monitor.paused = False
    assert (monitor._newest, monitor._held) == (7, 0)
    assert [row["number"] for row in rows(monitor)] == [3, 4, 5, 6, 7]
    monitor.clear()
    assert (len(monitor.frame), monitor._cleared, rows(monitor)) == (0, 7, [])


def test_what_a_browser_may_set(monitor: Monitor) -> None:
    monitor.set_state({"paused": True, "_newest": 99, "problem": "forged", "_keep": 10**9})
    assert (monitor.paused, monitor._newest, monitor.problem, monitor._keep) == (True, 0, "", 5)
    with pytest.raises(TypeError, match="titel"):
        Monitor(Changes(), titel=3)


@pytest.mark.parametrize("content", [{"type": "rows"}, {"type": "rows", "after": "1"}, {"type": "clear!"}, [], None])
def test_nonsense_from_a_browser_does_nothing(monitor: Monitor, content: Any) -> None:
    sent: list[Any] = []
    monitor.send = lambda *message: sent.append(message)
    monitor._handle_custom_msg(content, [])
    assert (sent, monitor.problem) == ([], "")


def test_hostile_words_become_harmless(monitor: Monitor) -> None:
    monitor.changes.add(change(None, Face("x" * 300), name=EVIL + TURNED, jid="j" * 9000, resource=TURNED, note=EVIL))
    until(lambda: monitor._newest == 1)
    (row,) = rows(monitor)
    assert row["label"].startswith("<img")
    assert "\u202e" not in str(row)
    assert len(row["label"]) <= 120
    assert len(row["jid"]) == 300
    assert len(row["after"]["id"]) == 120
    assert row["before"] is None
    assert "<img src=x" not in monitor._static_html()


def test_a_closed_monitor_watches_no_more(pictures: dict[str, bytes]) -> None:
    changes = Changes(5, pictures.get)
    monitor = Monitor(changes)
    changes.add(change(face(1, pictures), face(2, pictures)))
    monitor.close()
    assert changes.ended
    assert monitor.frame["jid"].tolist() == ["romeo@montague.lit"]
    still = monitor._repr_mimebundle_()["text/html"]
    assert still.count("data:image/png;base64,") == 2
    assert "1 change of an avatar" in still
    assert "<script" not in still


def test_that_it_ended_is_said(monitor: Monitor) -> None:
    monitor.changes.stop()
    until(lambda: monitor._over == "Watching has ended.")
