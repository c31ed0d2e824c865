"""What tests of the publisher do in its page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.browser.blank import Blank
from tests.browser.memory import Memory
from tests.unit.hostile import exif
from xavatar.widgets import Publisher


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo on its side, of 480 x 640 pixels: red grows to the right, green downwards, as it is looked at."""
    y, x = np.mgrid[0:640, 0:480]
    upright = np.stack([x * 255 // 479, y * 255 // 639, np.full_like(x, 90)], -1).astype(np.uint8)
    path = tmp_path / "IMG_1597.JPG"
    Image.fromarray(np.rot90(upright)).save(path, "JPEG", quality=95, exif=exif(6, gps=True))
    return path


def choose(page: Page, path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files(path)


def made(here: Blank, widget: Publisher, side: int | None = None) -> Any:
    """Wait until the avatar is made of what the page says, and has so many pixels; return it."""

    def there() -> bool:
        avatar = widget.avatar
        return avatar is not None and widget._making is None and side in (None, avatar.size[0])

    here.until(there, "an avatar")
    here.page.wait_for_function("() => !document.querySelector('.xav-stale')")
    return widget.avatar


def press(here: Blank, name: str) -> None:
    here.page.get_by_role("button", name=name, exact=True).click()


def publisher(server: Memory, **options: Any) -> Publisher:
    """Return the widget when it knows what is there: a page that is told before it has opened its model forgets it."""
    return Publisher(server, current=server.now, **options)
