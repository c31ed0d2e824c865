"""The picture that somebody chose, before it is cut: in parts from a page, by address, from anywhere else."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha1
from typing import Any, Final, Self

from PIL import Image

from xavatar.avatar.fetch_url import UrlPolicy, fetch_picture
from xavatar.errors import TooLarge
from xavatar.imaging import Box, ImageSource, open_source
from xavatar.imaging.encode import encode
from xavatar.imaging.source import OWN

CAREFUL: Final = UrlPolicy(max_bytes=16 << 20)
_LONGEST: Final = 4096
"""A photo is kept with so many pixels of its longer side: enough to cut an avatar out of an eighth of it."""
_PROOF: Final = 1024
_AT_ONCE: Final = 2
"""Files that come at once, from two views; what was begun before them is taken not to go on."""


@dataclass(frozen=True, slots=True)
class Original:
    """A picture, upright, without metadata.

    Parameters
    ----------
    image : PIL.Image.Image
    proof : bytes
        A copy for a page to cut on, of at most 1024 pixels.
    name : str
        What its owner calls it; left out, a file's name or an address.
    """

    image: Image.Image
    proof: bytes
    name: str = ""

    @classmethod
    def open(cls, source: ImageSource, name: str = "", policy: UrlPolicy = CAREFUL) -> Self:
        """Read a picture, fetch it when it is an address; raises as :meth:`.AvatarSet.from_image` does."""
        image = open_source(_fetched(source, policy) if _is_address(source) else source)
        image.thumbnail((_LONGEST, _LONGEST), Image.Resampling.LANCZOS, reducing_gap=3.0)
        small = image.copy()
        small.thumbnail((_PROOF, _PROOF), Image.Resampling.LANCZOS, reducing_gap=3.0)
        return cls(image, encode(small, "png" if small.getcolors(256) else "webp"), name or _called(source))

    @property
    def sha1(self) -> str:
        """Of the proof."""
        return sha1(self.proof).hexdigest()

    @property
    def middle(self) -> Box:
        """The square in the middle."""
        return self.square((0, 0, *self.image.size))

    def square(self, box: Sequence[int]) -> Box:
        """Return the square in the middle of a box, moved and shrunk until it lies within the picture."""
        left, upper, right, lower = box
        width, height = self.image.size
        side = max(1, min(right - left, lower - upper, width, height))
        x = min(max(0, left + (right - left - side) // 2), width - side)
        y = min(max(0, upper + (lower - upper - side) // 2), height - side)
        return x, y, x + side, y + side


class Parts:
    """Files that come in several messages: one that is larger than 10 MiB breaks the connection of many servers."""

    def __init__(self) -> None:
        self._files: dict[str, dict[int, bytes]] = {}

    def add(self, content: Mapping[str, Any], buffers: Sequence[memoryview]) -> bytes | None:
        """Take a part, in whatever order; return the file when it was the last one missing.

        Raises
        ------
        TooLarge
        """
        key, number, many = (content.get(name) for name in ("file", "part", "of"))
        if not isinstance(key, str) or type(number) is not int or type(many) is not int:
            return None
        if not buffers or not 0 <= number < many:
            return None
        if key not in self._files and len(self._files) == _AT_ONCE:
            del self._files[next(iter(self._files))]
        parts = self._files.setdefault(key, {})
        parts[number] = bytes(buffers[0])
        if sum(map(len, parts.values())) > OWN.max_bytes:
            del self._files[key]
            raise TooLarge(f"The file has more than {OWN.max_bytes >> 20} MiB. Take a smaller picture.")
        if len(parts) < many:
            return None
        del self._files[key]
        return b"".join(parts[each] for each in sorted(parts))


def _called(source: ImageSource) -> str:
    if isinstance(source, (str, os.PathLike)):
        return str(source) if _is_address(source) else os.path.basename(source)
    return ""


def _is_address(source: ImageSource) -> bool:
    return isinstance(source, str) and source.startswith(("https://", "http://"))


def _fetched(address: Any, policy: UrlPolicy) -> bytes:
    # A cell runs on a loop already; the fetch gets a thread, and a loop, of its own.
    with ThreadPoolExecutor(1, thread_name_prefix="xavatar-fetch") as pool:
        return pool.submit(lambda: asyncio.run(fetch_picture(address, policy))).result()
