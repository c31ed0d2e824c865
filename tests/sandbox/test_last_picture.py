"""A picture after which none is expected is looked at without waiting for company."""

from __future__ import annotations

import base64
import hashlib

import pytest

import xavatar as xa
from tests.support import patience
from tests.unit.hostile import picture, saved
from xavatar.imaging import pool
from xavatar.sandbox import Account, Item, Sandbox, Scenario
from xavatar.wire.xml import DATA, METADATA

ME = Account("juliet@capulet.lit", password="wherefore")
TYBALT = Account("tybalt@capulet.lit")


def test_the_only_picture_of_a_roster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_GATHER", patience(60))
    data = saved(picture((40, 40)), "PNG")
    sha1 = hashlib.sha1(data).hexdigest()
    info = f"<info id='{sha1}' type='image/png' bytes='{len(data)}'/>"
    with Sandbox(Scenario("one", "capulet.lit", ME.jid, (ME, TYBALT))) as box, xa.Store.temporary() as store:
        content = base64.b64encode(data).decode()
        box.set_item(TYBALT.jid, DATA, Item(sha1, f"<data xmlns='{DATA}'>{content}</data>"))
        box.set_item(TYBALT.jid, METADATA, Item(sha1, f"<metadata xmlns='{METADATA}'>{info}</metadata>"))
        for _ in range(2):  # fetched, then found in the store
            with xa.connect(sandbox=box, store=store, timeout=patience(10)) as session:
                assert session.roster(sources=["pep"])["sha1"].tolist() == [sha1]
