"""An awaitable session on a loop that is not asyncio's own."""

from __future__ import annotations

import pytest

import xavatar as xa


def test_a_session_on_uvloop() -> None:
    uvloop = pytest.importorskip("uvloop", reason="there is none for this system")

    async def main() -> set[str]:
        async with xa.AsyncSession(sandbox="pair") as session:
            frame = await session.roster(progress=False)
            return set(frame.loc[frame["source"] == "pep", "status"])

    answers = uvloop.run(main())
    assert answers
    assert "skipped" not in answers
