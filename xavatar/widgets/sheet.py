"""Everything about one avatar, as the inspector's page gets it: harmless texts, in the order they are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple
from xml.etree import ElementTree

import pandas as pd

from xavatar.audit import RULES, Diagnosis
from xavatar.audit.text import clean, size
from xavatar.frames.people import people
from xavatar.frames.text import person_label, plain_rows
from xavatar.imaging import color
from xavatar.imaging.placeholder import first_grapheme
from xavatar.model import Finding, Kind, Source, Status
from xavatar.wire.pretty import tokens

from .album import Album

_NAMES: Final = {Source.PEP: "PEP", Source.VCARD: "vCard", Source.PRESENCE: "Presence"}
_WORDS: Final = 300
_XML: Final = 4000


class _Row(NamedTuple):
    kind: str
    nick: str | None
    name: str | None
    groups: str | None
    subscription: str | None
    source: str
    resource: str | None
    status: str
    condition: str | None
    text: str | None
    elapsed_ms: float | None
    item_id: str | None
    id: str | None
    mime: str | None
    nbytes: int | None
    width: int | None
    height: int | None
    url: str | None
    pointer: str | None
    image_status: str | None
    image_condition: str | None
    sha1: str | None
    mime_real: str | None
    nbytes_real: int | None
    width_real: int | None
    height_real: int | None
    frames: int | None
    has_exif: bool | None
    has_gps: bool | None
    image_error: str | None
    hash_ok: bool | None
    agrees: bool | None
    observed_at: Any


def sheet(
    table: pd.DataFrame,
    jid: str,
    album: Album,
    findings: Iterable[Finding] = (),
    diagnosis: Diagnosis | None = None,
) -> dict[str, Any]:
    """Return what there is to tell of one subject.

    Parameters
    ----------
    table : pandas.DataFrame
        A frame of ours that has rows of the subject.
    jid : str
    album : Album
        Gets the subject's pictures.
    findings : iterable of Finding
        Those about others are left out.
    diagnosis : Diagnosis, optional
    """
    own = table[table["jid"] == jid]
    rows = [_Row(*cells) for cells in plain_rows(own, _Row._fields)]
    first, folded = rows[0], people(own).iloc[0]
    label = clean(person_label(first.name, first.nick, jid), 120)
    best = folded["sha1"]
    return {
        "jid": clean(jid, _WORDS),
        "label": label,
        "kind": first.kind,
        "letter": first_grapheme(label.replace("\ufffd", "")) or "?",
        "color": color(first.nick if first.kind == Kind.OCCUPANT and first.nick else jid),
        "verdict": folded["verdict"],
        "about": [[name, clean(value, _WORDS)] for name, value in _about(first) if value],
        "observed": max(row.observed_at for row in rows).strftime("%Y-%m-%d %H:%M:%S UTC"),
        "picture": album.number(best) if isinstance(best, str) else -1,
        "pictures": _pictures(rows, album),
        "sources": [_source(name, [row for row in rows if row.source == source], album)
                    for source, name in _NAMES.items()],
        "findings": [_finding(each) for each in findings if each.jid == jid],
        "diagnosis": _diagnosis(diagnosis) if diagnosis else None,
        "exchanges": _exchanges(diagnosis) if diagnosis else [],
    }  # fmt: skip


def _about(row: _Row) -> Iterator[tuple[str, str | None]]:
    yield "Nickname", row.nick
    yield "Groups", row.groups
    yield "Subscription", row.subscription


def _pictures(rows: Sequence[_Row], album: Album) -> dict[str, dict[str, Any]]:
    """Return the distinct pictures by number: pixels, and which sources have them."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row.sha1 is None or not row.width_real or not row.height_real:
            continue
        entry = {"width": row.width_real, "height": row.height_real, "sources": list[str]()}
        sources = found.setdefault(str(album.number(row.sha1)), entry)["sources"]
        if (name := _NAMES[Source(row.source)]) not in sources:
            sources.append(name)
    return found


def _source(name: str, rows: Sequence[_Row], album: Album) -> dict[str, Any]:
    return {"name": name, "lines": [_line(row, album) for row in rows]}


def _line(row: _Row, album: Album) -> dict[str, Any]:
    detail = [row.resource, row.condition, row.text]
    if row.image_status not in (None, Status.OK, Status.SKIPPED):
        detail += [f"image {row.image_status}".replace("_", " "), row.image_condition]
    return {
        "status": row.status.replace("_", " "),
        "good": row.status == Status.OK,
        "detail": [clean(words, _WORDS) for words in detail if words],
        "took": f"{row.elapsed_ms:.0f} ms" if row.elapsed_ms is not None else "",
        "picture": album.number(row.sha1) if row.sha1 else -1,
        "agrees": row.agrees,
        "facts": [
            [name, clean(said or "", _WORDS), clean(real or "", _WORDS), wrong]
            for name, said, real, wrong in _facts(row)
            if said or real
        ],
    }


def _facts(row: _Row) -> Iterator[tuple[str, str | None, str | None, bool]]:
    """Yield what is told of a picture: the name, as declared, as it is, and whether these contradict."""
    declared = (row.mime or "").lower().replace("image/jpg", "image/jpeg")
    yield "Type", row.mime, row.mime_real, bool(declared and row.mime_real and declared != row.mime_real)
    yield ("Size", _size(row.nbytes), _size(row.nbytes_real), _differ(row.nbytes, row.nbytes_real))
    differs = _differ(row.width, row.width_real) or _differ(row.height, row.height_real)
    yield "Pixels", _pixels(row.width, row.height), _pixels(row.width_real, row.height_real), differs
    yield "SHA-1", row.id, row.sha1, row.hash_ok is False
    yield "Item", row.item_id if row.item_id != row.id else None, None, False
    yield "Address", row.url, None, False
    yield "Pointer", row.pointer, None, False
    yield "Frames", None, str(row.frames) if row.frames and row.frames > 1 else None, False
    yield "EXIF", None, "with a position" if row.has_gps else "present" if row.has_exif else None, bool(row.has_gps)
    yield "Damage", None, row.image_error, True


def _size(nbytes: int | None) -> str | None:
    return None if nbytes is None else size(nbytes)


def _pixels(width: int | None, height: int | None) -> str | None:
    return f"{width or '?'} × {height or '?'}" if width or height else None


def _differ(declared: int | None, real: int | None) -> bool:
    return declared is not None and real is not None and declared != real


def _finding(finding: Finding) -> dict[str, str]:
    rule = RULES.get(finding.rule)
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "source": _NAMES[finding.source] if finding.source else "",
        "title": rule.title if rule else "",
        "reference": rule.reference if rule else "",
        "why": rule.why if rule else "",
        "message": clean(finding.message, 600),
        "advice": clean(finding.advice, 600),
    }


def _diagnosis(diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "verdict": clean(diagnosis.verdict),
        "views": [[view.who, view.sight.value, clean(view.because, _WORDS)] for view in diagnosis.views],
        "steps": [clean(str(step), 600) for step in diagnosis.steps],
        "facts": [clean(words, _WORDS) for words in diagnosis.facts],
    }


def _exchanges(diagnosis: Diagnosis) -> list[dict[str, Any]]:
    return [
        {
            "step": each.step,
            "status": each.status.value.replace("_", " "),
            "took": f"{each.elapsed_ms:.0f} ms",
            "stanzas": [_tokens(stanza) for stanza in (each.request, each.answer) if stanza],
        }
        for each in diagnosis.exchanges
    ]


def _tokens(stanza: str) -> list[tuple[str, str]]:
    """Return a stanza as pieces of text, each with its kind; one that was cut, as it is."""
    try:
        return list(tokens(ElementTree.fromstring(stanza), inherited=""))
    except ElementTree.ParseError:
        return [("", clean(stanza, _XML))]
