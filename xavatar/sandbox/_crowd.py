"""A crowd for a scenario: many contacts from a seed and proportions, the same every time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product
from typing import Any

from . import _people
from ._data import Picture
from ._data import picture as picture_file
from ._faces import face
from ._table import Table
from .scenario import Account

DISABLED = "<metadata xmlns='urn:xmpp:avatar:metadata'/>"


def crowd(table: Table) -> Iterator[Account]:
    """Make the contacts a ``[crowd]`` asks for.

    Parameters
    ----------
    table : Table
        ``size``, ``seed``, names (``given``, ``family``), weights by word (``domains``, ``groups``,
        ``sources``, ``formats``, ``sides``, ``presences``), and ``anomaly``: tables as a
        ``[[contact]]`` with a ``share`` of all contacts each. Their pictures are called
        ``face``, and ``other`` for a second one.
    """
    chance = random.Random(table.need("seed"))
    size = table.take("size", int, 100)
    people = list(product(table.need("given").split(), table.need("family").split()))
    weights = {key: _weights(table, key) for key in ("domains", "groups", "sources", "formats", "sides", "presences")}
    odd = _oddities(table, chance, size)
    table.done()
    if size > len(people):
        raise table.error(f"`size` can be {len(people)} at most, the pairs of `given` and `family`.")
    for number, (given, family) in enumerate(chance.sample(people, size)):
        drawn = {key: chance.choices(list(shares), list(shares.values()))[0] for key, shares in weights.items()}
        first, second = chance.getrandbits(40), chance.getrandbits(40)
        form = "png" if number in odd else drawn["formats"]
        content = odd.get(number) or _source(drawn["sources"], form, f"{first:010x}")
        entry = {"presence": drawn["presences"], **content} | {
            "jid": f"{given}.{family}@{drawn['domains']}",
            "name": f"{given.title()} {family.title()}",
            "groups": [drawn["groups"]],
        }
        faces = _Faces({"face": first, "other": second}, int(drawn["sides"]), form)
        yield _people.account(Table(entry, f"{table.where}, contact {number}", faces))


def _weights(table: Table, key: str) -> dict[str, float]:
    weights = table.mapping(key)
    if not weights or not all(isinstance(weight, int | float) and weight >= 0 for weight in weights.values()):
        raise table.error(f"`{key}` must give weights by word, not {weights!r}.")
    return weights


def _oddities(table: Table, chance: random.Random, size: int) -> dict[int, dict[str, Any]]:
    """Deal the anomalies to contacts, at most one to each."""
    numbers = chance.sample(range(size), size)
    dealt: dict[int, dict[str, Any]] = {}
    for entry in table.take("anomaly", list, []):
        changes = dict(entry)
        count = round(float(changes.pop("share", 0)) * size)
        if count > len(numbers):
            raise table.error("the anomalies' shares add up to more than 1.")
        dealt |= {numbers.pop(): changes for _ in range(count)}
    return dealt


def _source(word: str, form: str, name: str) -> dict[str, Any]:
    """Say what is published where, and what the picture's format breaks there."""
    in_pep = [] if form == "png" else ["A-05", "P84-04", "P84-12"]
    in_vcard = ["P153-12", "P153-14"] if form == "webp" else []
    match word:
        case "both":
            return {"picture": "face", "photo": "face", "plants": in_pep + in_vcard}
        case "pep":
            plants = ["P398-07", *in_pep]
            return {"picture": "face", "access": "presence", "plants": plants, "presence": "offline"}
        case "vcard":
            return {"photo": "face", "plants": ["A-36", *in_vcard]}
        case "disabled":
            return {"node": [{"name": "metadata", "items": [{"id": name, "payload": DISABLED}]}], "presence": "empty"}
        case "private":
            plants = ["P60-01", "P163-01"]
            return {"picture": "face", "access": "whitelist", "plants": plants, "presence": "offline"}
        case "gone":
            return {"exists": False, "plants": ["P60-02"], "presence": "offline"}
        case _:
            return {"presence": "empty"}


class _Faces:
    """The pictures of one contact, by the names its entry knows."""

    def __init__(self, numbers: dict[str, int], side: int, form: str) -> None:
        self._numbers, self._side, self._form = numbers, side, form

    def __call__(self, name: str) -> Picture:
        if name in self._numbers:
            return face(self._numbers[name], self._side, self._form)
        return picture_file(name)
