"""Limits and habits of a session, one frozen value."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import ConfigError


@dataclass(frozen=True, slots=True)
class Settings:
    """How a session asks.

    Parameters
    ----------
    concurrency : int
        Requests under way at once.
    timeout : float
        Seconds to wait for one answer.
    connect_timeout : float
        Seconds to wait for a connection, login included.
    retries : int
        How often a request is repeated after an error of type ``wait`` (RFC 6120, 8.3.2).
    breaker_threshold : int
        After this many refusals of one kind in a row from one domain or room, the rest of
        it is not asked (A-25, A-26).
    max_image_bytes : int
        Images declared larger are not fetched, images found larger not kept (A-17).
    max_pixels : int
        Images of more pixels are not decoded (A-18).
    resume_wait : float
        Seconds that requests under way wait for a lost connection to come back (XEP-0198).
    presence_wait : float
        Seconds without a new presence after which the roster's presences count as in.
    push_lifetime : float
        Seconds for which metadata that came unasked counts as an answer, and the silence of who had none
        when asked. Changes come too, but nobody is told when a node is closed.

    Examples
    --------
    >>> settings = Settings(concurrency=16, timeout=5.0)
    >>> with xa.connect(sandbox="pair", settings=settings) as gentle:
    ...     table = gentle.roster()
    >>> table["jid"].unique().tolist()
    ['proteus@verona.lit']
    """

    concurrency: int = 64
    timeout: float = 20.0
    connect_timeout: float = 30.0
    retries: int = 1
    breaker_threshold: int = 10
    max_image_bytes: int = 1 << 20
    max_pixels: int = 25_000_000
    resume_wait: float = 10.0
    presence_wait: float = 0.5
    push_lifetime: float = 300.0

    def __post_init__(self) -> None:
        for name in ("concurrency", "timeout", "connect_timeout", "breaker_threshold", "max_image_bytes", "max_pixels"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"Settings.{name} must be positive, not {getattr(self, name)!r}.")
        for name in ("retries", "resume_wait", "presence_wait", "push_lifetime"):
            if getattr(self, name) < 0:
                raise ConfigError(f"Settings.{name} must not be negative.")
