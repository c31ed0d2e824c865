"""What we are ready to spend on a stranger's picture, and the words for refusing.

Everything from the wire is hostile (A-17, A-18, A-33): bytes, pixels, frames and scans are
counted from the file's headers before anything is decoded.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xavatar.settings import Settings


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one picture may cost.

    Parameters
    ----------
    max_bytes : int
        Size of the file.
    max_pixels : int
        Width times height.
    max_frames : int
        Pictures of an animation.
    seconds : float
        Time for one picture. Between steps :func:`~xavatar.imaging.inspect` looks at the
        clock itself; a single step is bounded by the other limits.
    """

    max_bytes: int = 16 << 20
    max_pixels: int = 25_000_000
    max_frames: int = 1000
    seconds: float = 5.0

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """Return the limits a session's settings imply."""
        return cls(max_bytes=settings.max_image_bytes, max_pixels=settings.max_pixels)


class Fault(StrEnum):
    """Why a picture was not decoded, or not taken at its word: the first word of ``ImageFacts.error``."""

    EMPTY = "empty"
    """No bytes at all (A-20)."""
    UNRECOGNISED = "unrecognised"
    """Not a picture, whatever its name or declared type says."""
    SVG = "svg"
    """A program rather than a picture; recognised, never rendered (A-33)."""
    BYTES = "bytes"
    PIXELS = "pixels"
    FRAMES = "frames"
    SCANS = "scans"
    """A progressive JPEG of very many passes, each of which costs a whole decoding."""
    TIME = "time"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    TRAILING = "trailing"
    """The picture is whole, but other data follows: a polyglot, or a careless editor."""

    @classmethod
    def of(cls, error: str | None) -> Fault | None:
        """Return the fault a fact's `error` begins with."""
        return cls(error.partition(":")[0]) if error else None


class Refused(Exception):
    """A picture is not decoded (further); internal to this package."""

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(f"{fault}: {detail}" if detail else str(fault))
        self.fault = fault


MAX_SCANS = 100
"""Encoders write about 10; libjpeg's authors advise a limit against this denial of service."""
