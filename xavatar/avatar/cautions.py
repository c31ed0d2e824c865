"""What to know before publishing, in words: who will see it, who will not, what may go wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from xavatar.imaging import limits_of
from xavatar.model import Severity

from .account import Account
from .avatar_set import AvatarSet
from .plan import Caution, Current, Step
from .upload import UploadService

_STANZA: Final = 256 << 10
"""What Prosody and ejabberd take from a client by default, bytes."""
_ID: Final = 128
"""What a stanza's id adds to it at most, bytes."""
_ORDER: Final = (Severity.ERROR, Severity.WARNING, Severity.INFO)
_SEES: Final = {
    "open": "Everybody who knows the address may see it, in chat rooms too: there the same picture tells who you are.",
    "presence": "Contacts with a subscription to your presence see it; nobody else does, in chat rooms neither.",
    "roster": "Only contacts in the roster groups that the node allows see it.",
    "whitelist": "Only the addresses on the node's list see it; nobody, while the list is empty.",
    "authorize": "Nobody sees it whose subscription you have not approved, one by one.",
}
_RULES: Final = {"open": "P398-08"}


def of_publishing(
    account: Account,
    current: Current,
    avatar: AvatarSet,
    steps: Iterable[Step],
    *,
    access_model: str | None,
    vcard: bool,
    service: UploadService | None,
    left_out: bool,
) -> tuple[Caution, ...]:
    """Return what to know before a set is published, the heaviest first."""
    found = [
        *_place(account, vcard),
        *_access(account, current, access_model, vcard),
        *(list(too_large(steps, current)) or _size(avatar, current)),
        *_uploads(avatar, service, left_out),
        *_replaced(current, avatar),
    ]
    return _sorted(found)


def of_removing(account: Account, current: Current, *, wipe: bool, photo: str, vcard: bool) -> tuple[Caution, ...]:
    """Return what to know before an avatar is removed, the heaviest first."""
    found: list[Caution] = []
    if not current.descriptors and not photo:
        found.append(Caution("P84-17", "No avatar is announced at the moment.", Severity.INFO))
    if photo and not vcard:
        words = f"The vCard's photo ({photo}) stays, and everybody can read it. With vcard=True it is removed too."
        found.append(Caution("P54-04", words))
    if any(each.url for each in current.descriptors):
        words = "What lies at an address of its own stays there; only its host can remove it."
        found.append(Caution("P84-14", words, Severity.INFO))
    if not wipe and current.image is not None:
        words = "The image stays on the server, for those who know its SHA-1. wipe() removes it."
        found.append(Caution("D-27", words, Severity.INFO))
    return _sorted(found)


def _sorted(found: list[Caution]) -> tuple[Caution, ...]:
    return tuple(sorted(found, key=lambda caution: _ORDER.index(caution.severity)))


def _place(account: Account, vcard: bool) -> Iterator[Caution]:
    if not account.pep and not vcard:
        words = "The server offers no PEP: nothing can be published there. With vcard=True it goes in the vCard."
        yield Caution("P163-02", words, Severity.ERROR)
    elif not account.pep:
        yield Caution("P163-02", "The server offers no PEP: the avatar goes in the vCard only.")
    if account.converts and vcard:
        yield Caution("P398-05", "The server keeps the vCard the same by itself: it is not written.", Severity.INFO)
    elif not account.converts and not vcard:
        words = (
            "The server does not copy the avatar to the vCard: older clients, and people in chat rooms, go on seeing "
            "what is there. With vcard=True it is written too."
        )
        yield Caution("P398-01", words)


def _access(account: Account, current: Current, wanted: str | None, vcard: bool) -> Iterator[Caution]:
    if not account.pep:
        return
    model = wanted or current.access_model
    if model is None:
        words = "The nodes get the server's access model, as a rule `presence`: contacts see it, chat rooms do not."
        yield Caution("P163-01", words, Severity.INFO)
    elif model in _SEES:
        severity = Severity.INFO if model in ("presence", "roster") else Severity.WARNING
        yield Caution(_RULES.get(model, "P163-01"), _SEES[model], severity)
    now = (current.access_model, current.data_access_model)
    if wanted is None and None not in now and now[0] != now[1]:
        words = f"The metadata node is {now[0]}, the data node {now[1]}: some learn of an image that they cannot get."
        yield Caution("P398-07", f"{words} Give access_model to set both.")
    if account.converts and model != "open":
        words = "The server copies it to the vCard only if it is open: chat rooms may learn its hash, but no image."
        yield Caution("P398-07", words, Severity.INFO)
    if vcard and not account.converts and model != "open":
        yield Caution("P54-04", "Whatever the access model, everybody can read the vCard and its photo.")


def too_large(steps: Iterable[Step], current: Current) -> Iterator[Caution]:
    """Yield which steps no stanza holds: a server closes the connection over them, in the middle of a plan."""
    most = current.stanza_bytes or _STANZA
    whose = "the most that this server announces (XEP-0478)" if current.stanza_bytes else "the usual most"
    for step in steps:
        nbytes = len(step.stanza.encode())
        if nbytes + _ID > most:
            words = f"{step.words}: {nbytes:,} bytes do not fit into a stanza of {most:,} bytes, {whose}"
            yield Caution("A-17", f"{words}. Publish fewer pixels.", Severity.ERROR)


def _size(avatar: AvatarSet, current: Current) -> Iterator[Caution]:
    image = avatar.check()
    beyond = [limit for limit in limits_of(current.stanza_bytes) if len(image) > limit.nbytes]
    for limit in beyond:
        severity = Severity.INFO if limit.name in ("XEP-0153", "Conversations") else Severity.WARNING
        rule = "P153-13" if limit.name == "XEP-0153" else "A-17"
        yield Caution(rule, f"The image is larger than {limit.words}.", severity)
    width, height = avatar.size
    if width != height:
        words = f"{width} x {height} is not square: clients cut or stretch it (XEP-0153, 4.6.3)."
        yield Caution("P153-13", words, Severity.INFO)


def _uploads(avatar: AvatarSet, service: UploadService | None, left_out: bool) -> Iterator[Caution]:
    if left_out:
        yield Caution("P363-01", "The server has no service for uploads: the large image is left out.")
    if not avatar.uploads or service is None:
        return
    words = "Who looks at the large image tells its host who looks and when; clients may not fetch it at all."
    yield Caution("A-16", words, Severity.INFO)
    if not service.profile:
        words = f"{service.jid} does not know uploads for profiles: the large image may expire, its announcement stays."
        yield Caution("P363-01", words)


def _replaced(current: Current, avatar: AvatarSet) -> Iterator[Caution]:
    if any(each.id == avatar.png_id for each in current.descriptors):
        yield Caution("P84-24", "This very image is announced already.", Severity.INFO)
    elif current.descriptors:
        yield Caution("P84-24", f"It replaces the avatar {current.descriptors[0].id}.", Severity.INFO)
