"""The user's own store."""

from __future__ import annotations

from pathlib import Path

import pytest

from xavatar.errors import StoreError
from xavatar.store import Store, default_path


def test_the_environment_chooses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XAVATAR_STORE", str(tmp_path / "new" / "avatars.sqlite"))
    assert default_path() == tmp_path / "new" / "avatars.sqlite"
    with pytest.raises(StoreError, match="avatars"):
        Store(read_only=True)
    assert not (tmp_path / "new").exists()
    with Store() as store:
        assert store.path == default_path()
    assert default_path().stat().st_mode & 0o077 == 0, "for its owner alone"
    with Store(read_only=True) as store:
        assert len(store.snapshots()) == 0


def test_else_the_data_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XAVATAR_STORE", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_path().name == "store.sqlite"
    assert "xavatar" in default_path().parts
