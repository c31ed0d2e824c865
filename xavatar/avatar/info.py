"""One source of an avatar: what is said of it in ``<info/>``, and the rules for that (XEP-0084, 4.2.1)."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from xavatar.errors import PublishError
from xavatar.imaging import mime_of, sniff

from .ids import is_sha1, normalize_id, sha1

PNG: Final = "image/png"
_MEDIA_TYPE: Final = re.compile(r"(image|video)/[a-z0-9][a-z0-9.+-]*")
_LARGEST: Final = {"width": 65535, "height": 65535, "nbytes": 2**32 - 1}


class InvalidAvatarSet(PublishError, ValueError, RuntimeError):
    """A source, or the whole set, breaks a rule of XEP-0084, 4.2."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is said of an image; the names are those of :meth:`.AvatarSet.add_avatar_image`."""

    mime_type: str | None
    id_: str | None
    nbytes: int | None
    width: int | None
    height: int | None
    url: str | None = None

    def attributes(self) -> dict[str, str]:
        """Return the attributes of ``<info/>``."""
        pairs = {
            "bytes": self.nbytes,
            "id": self.id_,
            "type": self.mime_type,
            "width": self.width,
            "height": self.height,
            "url": self.url,
        }
        return {name: str(value) for name, value in pairs.items() if value is not None}


def measure(image: bytes) -> Source:
    """Return what a PNG's bytes say of it (PNG, 11.2.1)."""
    found = mime_of(sniff(image))
    if found != PNG or len(image) < 24 or image[12:16] != b"IHDR":
        raise InvalidAvatarSet(f"The image bytes are not a PNG but {found or 'nothing known'}; convert them first.")
    width, height = struct.unpack(">II", image[16:24])
    source = Source(PNG, sha1(image), len(image), width, height)
    check_sizes(source)
    return source


def checked_link(source: Source) -> Source:
    """Return a source at a url, complete, or raise."""
    if source.url is None:
        raise InvalidAvatarSet("Give the image bytes, or a url where the image is.")
    if not _is_web(source.url.strip()):
        raise InvalidAvatarSet(f"url must be http or https, not {source.url[:100]!r} (XEP-0084, 4.2.1).")
    missing = [name.rstrip("_") for name in ("id_", "nbytes") if getattr(source, name) is None]
    if missing:
        raise InvalidAvatarSet(f"{' and '.join(missing)} must be given for an image at a url.")
    return replace(source, url=source.url.strip())


def _is_web(url: str) -> bool:
    try:
        address = urlsplit(url)
    except ValueError:
        return False
    return address.scheme in ("http", "https") and bool(address.hostname)


def media_type(mime_type: str) -> str:
    """Return a media type in its usual form, or raise."""
    plain = mime_type.strip().lower()
    if not _MEDIA_TYPE.fullmatch(plain):
        raise InvalidAvatarSet(f"{mime_type[:100]!r} is not a media type image/... or video/... (XEP-0084, 4.2.1).")
    return plain


def checked_id(id_: str | None) -> str | None:
    """Return an id normalised, or raise."""
    if id_ is None:
        return None
    if not is_sha1(id_):
        raise InvalidAvatarSet(f"id {id_[:100]!r} is not a SHA-1 in 40 hexadecimal digits.")
    return normalize_id(id_)


def check_sizes(source: Source) -> None:
    """Raise when a size is none (XEP-0084, 11.2)."""
    for name, largest in _LARGEST.items():
        value = getattr(source, name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidAvatarSet(f"{name} must be an integer, not {value!r}.")
        if not 1 <= value <= largest:
            raise InvalidAvatarSet(f"{name} must be between 1 and {largest}, not {value}.")
