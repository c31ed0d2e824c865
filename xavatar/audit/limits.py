"""Where a size, a distance or a number of refusals becomes worth a finding."""

from __future__ import annotations

from dataclasses import dataclass

from xavatar.errors import ConfigError

KIB = 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Thresholds of the rules; the defaults are those of the XEPs and of the field.

    Parameters
    ----------
    small_bytes : int
        A vCard picture should be smaller (XEP-0153, 4.6.1).
    min_side, max_side : int
        Pixels a side of a vCard picture should have (XEP-0153, 4.6.2).
    mobile_base64 : int
        Base64 characters up to which Conversations publishes.
    modern_bytes : int
        What modernxmpp recommends at most.
    payload_base64 : int
        Base64 characters of a PEP payload that ejabberd takes by default.
    stanza_bytes : int
        Base64 characters that fill a client's whole stanza on Prosody and ejabberd.
    max_pixels : int
        More are not decoded (A-18).
    bomb_pixels, bomb_ratio : int
        A picture of more pixels than the first and more pixels per byte than the second
        is small on the wire and huge in memory.
    dhash_distance : int
        Bits by which two formats of one picture may differ (P84-13).
    aspect_tolerance : float
        Share by which their width to height may differ.
    many : int
        So many refusals, and nothing else, make a domain or room one that refuses.
    join_occupants : bool
        Compare occupants of semi-anonymous rooms with other contacts too, not only with
        oneself. It can tell who somebody is (A-24), hence off.
    """

    small_bytes: int = 8 * KIB
    min_side: int = 32
    max_side: int = 96
    mobile_base64: int = 9400
    modern_bytes: int = 72 * KIB
    payload_base64: int = 250_000
    stanza_bytes: int = 256 * KIB
    max_pixels: int = 25_000_000
    bomb_pixels: int = 4_000_000
    bomb_ratio: int = 100
    dhash_distance: int = 16
    aspect_tolerance: float = 0.1
    many: int = 3
    join_occupants: bool = False

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if not isinstance(value, bool) and value <= 0:
                raise ConfigError(f"Limits.{name} must be positive, not {value!r}.")
        if self.min_side > self.max_side:
            raise ConfigError(f"Limits.min_side ({self.min_side}) is larger than max_side ({self.max_side}).")


def base64_length(nbytes: int) -> int:
    """Return how many base64 characters `nbytes` take, without line breaks."""
    return -(-nbytes // 3) * 4
