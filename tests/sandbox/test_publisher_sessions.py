"""The publishing widget of every kind of session, its messages coming on other threads than the session's loop."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable

import pytest
from PIL import Image

import xavatar as xa
from xavatar.errors import ConfigError, UnsupportedFormat
from xavatar.widgets import Publisher


def photo() -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").save(out, "PNG")
    return out.getvalue()


async def until(true: Callable[[], object]) -> None:
    for _ in range(2000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("not within 20 s")


async def published(widget: Publisher) -> None:
    """Click through it, each click on a thread of its own, as a front end's subshell does."""
    await until(lambda: widget.avatar is not None)
    await asyncio.to_thread(widget._handle_custom_msg, {"type": "review"}, [])
    await until(lambda: widget._phase == "planned")
    confirm = {"type": "confirm", "number": widget._plan["number"]}
    await asyncio.to_thread(widget._handle_custom_msg, confirm, [])
    await until(lambda: widget._phase == "done")
    await until(lambda: widget._current is not None and widget._current.image == widget.avatar.image_bytes)
    assert widget.publication.done
    assert widget.problem == ""


async def test_an_awaitable_session() -> None:
    async with xa.AsyncSession(sandbox="pair") as session:
        widget = await session.publisher(photo())
        await published(widget)
        assert (await session.me(progress=False))["sha1"].dropna().unique().tolist() == [widget.avatar.png_id]
        with pytest.raises(UnsupportedFormat):
            await session.publisher(b"no picture")
        with pytest.raises(ConfigError, match="names no room"):
            await session.publisher(room="verona.lit")
        widget.close()


def test_a_blocking_session() -> None:
    with xa.connect(sandbox="pair") as session:
        widget = session.publisher(photo())
        asyncio.run(published(widget))
        assert session.me(progress=False)["sha1"].dropna().unique().tolist() == [widget.avatar.png_id]
    widget._handle_custom_msg({"type": "refresh"}, [])
    asyncio.run(until(lambda: widget.problem))
    assert "closed" in widget.problem
    widget.close()


async def test_a_client_of_ones_own() -> None:
    """What `attach` gets lives on a loop that others run, here this one."""
    async with xa.AsyncSession(sandbox="pair") as host:
        borrowed = xa.AsyncSession.around(host._online().client)
        widget = await borrowed.publisher(photo())
        await published(widget)
        widget.close()
