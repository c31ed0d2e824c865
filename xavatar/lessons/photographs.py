"""A photograph to publish, for those who have none at hand."""

from __future__ import annotations

from xavatar.sandbox._data import picture


def photograph() -> bytes:
    """Return Valentine on holiday, a JPEG as telephones make them.

    It lies on its side, with an orientation to turn it by, and its EXIF data tell the camera, the
    time, and the place: none of that should be published.
    """
    return picture("valentine-photo.jpg").content
