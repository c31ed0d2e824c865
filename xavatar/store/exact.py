"""Outcomes that no column can hold exactly, kept whole as JSON.

A number beyond 64 bits, a lone surrogate, a NUL, a group whose name contains the separator:
a table shows what it can of these, and an exact copy lies beside.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from xavatar.model import Descriptor, ImageFacts, Kind, Outcome, Reading, Source, Status, Subject


def encode(outcome: Outcome) -> bytes:
    """Return an outcome as JSON; lone surrogates are written as UTF-8 would write them."""
    text = json.dumps(asdict(outcome), ensure_ascii=False, default=datetime.isoformat, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def decode(data: bytes) -> Outcome:
    """Return the outcome that :func:`encode` wrote."""
    raw: dict[str, Any] = json.loads(data.decode("utf-8", "surrogatepass"))
    subject = raw["subject"]
    return Outcome(
        **raw
        | {
            "subject": Subject(**subject | {"kind": Kind(subject["kind"]), "groups": tuple(subject["groups"])}),
            "source": Source(raw["source"]),
            "status": Status(raw["status"]),
            "readings": tuple(_reading(**reading) for reading in raw["readings"]),
            "problems": tuple(raw["problems"]),
            "observed_at": datetime.fromisoformat(raw["observed_at"]),
        }
    )


def _reading(
    descriptor: dict[str, Any], facts: dict[str, Any] | None, image_status: str, image_condition: str | None
) -> Reading:
    found = facts and ImageFacts(**facts | {"exif_tags": tuple(facts["exif_tags"]), "colors": tuple(facts["colors"])})
    return Reading(Descriptor(**descriptor), found or None, Status(image_status), image_condition)
