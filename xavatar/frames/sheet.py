"""A picture of all pictures."""

from __future__ import annotations


class ContactSheet(bytes):
    """A PNG that a notebook displays and `open(path, "wb").write` takes."""

    def _repr_png_(self) -> bytes:
        return bytes(self)

    def __repr__(self) -> str:
        return f"<ContactSheet: PNG, {len(self):,} bytes>"
