"""Where the package's pictures and scenarios lie, and what a picture file is."""

from __future__ import annotations

import base64
import hashlib
import io
import mimetypes
import struct
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from xavatar.errors import SandboxError

_PNG = b"\x89PNG\r\n\x1a\n"


@cache
def data_dir() -> Path:
    """Return the folder with ``pictures/`` and ``scenarios/``: of the wheel, or of the checkout."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "data", package.parent / "data"):
        if (folder / "scenarios").is_dir():
            return folder
    raise SandboxError(f"The folder of scenarios is missing from {package}; install xavatar again.")


@dataclass(frozen=True)
class Picture:
    """A picture's bytes, and what a correct announcement says about them.

    Parameters
    ----------
    content : bytes
    mime : str
        By the bytes, else by the file's name.
    width, height : int, optional
        Pixels; ``None`` for bytes that say none.
    """

    content: bytes
    mime: str
    width: int | None = None
    height: int | None = None

    @cached_property
    def sha1(self) -> str:
        """Lower-case hexadecimal SHA-1 of the bytes: the avatar's id (XEP-0084, 3.1)."""
        return hashlib.sha1(self.content, usedforsecurity=False).hexdigest()

    @cached_property
    def base64(self) -> str:
        """The bytes as base64 without line feeds (XEP-0084, 4.1)."""
        return base64.b64encode(self.content).decode()


@cache
def picture(name: str) -> Picture:
    """Read a picture of ``data/pictures``.

    Raises
    ------
    SandboxError
        There is no such file.
    """
    folder = data_dir() / "pictures"
    path = folder / name
    if path.parent != folder or not path.is_file():
        raise SandboxError(f"There is no picture {name!r} in {folder}.")
    content = path.read_bytes()
    mime, width, height = _announced(content)
    return Picture(content, mime or mimetypes.guess_type(name)[0] or "application/octet-stream", width, height)


def _announced(content: bytes) -> tuple[str | None, int | None, int | None]:
    if content.startswith(_PNG):  # Pillow refuses to open the picture that is a bomb
        return "image/png", *struct.unpack(">II", content[16:24])
    try:
        with Image.open(io.BytesIO(content)) as image:
            return image.get_format_mimetype(), image.width, image.height
    except UnidentifiedImageError:
        return None, None, None
