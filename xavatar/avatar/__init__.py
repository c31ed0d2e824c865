"""The avatar system of XEP-0084 and XEP-0153."""

from .ids import is_sha1, normalize_id

__all__ = ["is_sha1", "normalize_id"]
