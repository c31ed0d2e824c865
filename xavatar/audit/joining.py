"""Joining a room's occupants with contacts by their pictures: only on request, and never silently."""

from __future__ import annotations

import warnings


class PrivacyWarning(UserWarning):
    """Something was asked for that can tell who a person is."""


def warn(stacklevel: int = 3) -> None:
    """Say what joining occupants with the roster means (A-24; XEP-0398, 8)."""
    warnings.warn(
        "Occupants are compared with the roster by picture (A-24): this can tell who is behind a nickname in a room "
        "that hides addresses. Keep the result to yourself, and tell nobody without asking them.",
        PrivacyWarning,
        stacklevel=stacklevel,
    )
