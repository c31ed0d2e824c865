"""Pictures that several people show, as a report tells them: by picture, with who shows it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from xavatar.audit import Audit

from .faces import uri
from .rows import Contact

_GROUPS: Final = 40
_PICTURES: Final = 6
_PEOPLE: Final = 40
_SIDE: Final = 48
_BUDGET: Final = 250_000

LABELS: Final = {
    "default avatar": "Default avatar",
    "same picture": "Same picture",
    "near-duplicates": "Nearly the same",
}
"""What groups are called in front of people."""
TONES: Final = {"default avatar": "warn", "same picture": "mild", "near-duplicates": "plain"}


@dataclass(frozen=True, slots=True)
class Shared:
    """One group.

    Parameters
    ----------
    label : str
    subjects, pictures : int
    uris : sequence of str
        Of the first pictures that are at hand, the most shown one first.
    who : sequence of Contact
        The first people.
    """

    label: str
    subjects: int
    pictures: int
    uris: Sequence[str]
    who: Sequence[Contact]

    @property
    def more(self) -> int:
        """How many people are not named here."""
        return self.subjects - len(self.who)


@dataclass(frozen=True, slots=True)
class Section:
    """The groups that are shown, and how many are not."""

    groups: Sequence[Shared]
    more: int


def shared(audit: Audit, people: Sequence[Contact]) -> Section:
    """Return the groups, those of the same bytes before those that only look alike, the largest first."""
    by_jid = {person.jid: person for person in people}
    table = audit.duplicates
    order = {label: rank for rank, label in enumerate(LABELS)}
    groups = [rows for _, rows in table.groupby("group", sort=True)]
    groups.sort(key=lambda rows: order[rows["label"].iloc[0]])
    listed: list[Shared] = []
    left = _BUDGET
    for rows in groups[:_GROUPS]:
        group = _group(rows.to_dict("list"), by_jid, left)
        left -= sum(map(len, group.uris))
        listed.append(group)
    return Section(listed, len(groups) - len(listed))


def _group(columns: Mapping[Hashable, list[str]], by_jid: Mapping[str, Contact], budget: int) -> Shared:
    jids, pictures = list(dict.fromkeys(columns["jid"])), list(dict.fromkeys(columns["sha1"]))
    uris: list[str] = []
    for sha1 in pictures[:_PICTURES]:
        small = uri(sha1, _SIDE)
        if small and len(small) <= budget:
            uris.append(small)
            budget -= len(small)
    return Shared(columns["label"][0], len(jids), len(pictures), uris, [by_jid[jid] for jid in jids[:_PEOPLE]])
