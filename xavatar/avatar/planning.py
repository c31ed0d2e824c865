"""Making plans: what the account offers and has, the steps that follow, and what to know before."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from contextlib import suppress
from typing import Final
from xml.etree.ElementTree import Element

from xavatar.errors import ConfigError, NotFound, QueryError
from xavatar.imaging import Variant
from xavatar.model import Status
from xavatar.wire import Wire
from xavatar.wire.xml import DATA, METADATA, PUBSUB, attribute, serialize

from . import pubsub
from .account import Account, fetch_account
from .avatar_set import AvatarSet
from .cautions import of_publishing, of_removing
from .ids import normalize_id, sha1
from .parse import Metadata
from .plan import Act, Current, PublishPlan, Step, StepKind
from .publish import ACCESS_MODELS
from .read import fetch_data, fetch_metadata
from .upload import UploadService, slot_request
from .vcard import fetch_or_none, photo_id, with_photo

EMPTY: Final = f'<metadata xmlns="{METADATA}"/>'
UNKNOWN_URL: Final = "https://address.the.service.gives.invalid/"


async def fetch_current(wire: Wire, *, timeout: float) -> Current:
    """Ask for one's own avatar, its image and its nodes' access models (P84-24).

    Raises
    ------
    QueryError
        The server does not say what is published.
    """
    metadata, model, data_model = await asyncio.gather(
        _metadata(wire, timeout), _access_model(wire, METADATA, timeout), _access_model(wire, DATA, timeout)
    )
    if metadata is None:
        return Current(
            Status.NOT_FOUND, access_model=model, data_access_model=data_model, stanza_bytes=wire.stanza_bytes
        )
    image = None
    inline = next((each.id for each in metadata.descriptors if each.id and not each.url), None)
    if inline is not None:
        with suppress(QueryError):
            image = (await fetch_data(wire, None, inline, timeout=timeout)).data
    if image is not None and sha1(image) != normalize_id(inline or ""):
        image = None
    return Current(metadata.status, metadata.descriptors, image, model, data_model, wire.stanza_bytes)


async def plan_publication(
    wire: Wire,
    jid: str,
    avatar: AvatarSet,
    *,
    access_model: str | None = None,
    vcard: bool = False,
    service: UploadService | None = None,
    timeout: float,
) -> PublishPlan:
    """Plan to make a set the account's avatar; sends questions only.

    Parameters
    ----------
    wire : Wire
    jid : str
        Own bare JID.
    avatar : AvatarSet
    access_model : str, optional
        For both nodes; left out, they stay as they are.
    vcard : bool
        Write the vCard's photo too, where the server does not do it itself.
    service : UploadService, optional
        For the set's uploads, which are left out without one.
    timeout : float
        Seconds for each question.

    Raises
    ------
    ConfigError
        No such access model.
    InvalidAvatarSet
        The set has no PNG.
    QueryError
    """
    if access_model is not None and access_model not in ACCESS_MODELS:
        raise ConfigError(f"access_model is one of {', '.join(ACCESS_MODELS)}, not {access_model!r}.")
    image = avatar.check()
    account, current = await asyncio.gather(
        fetch_account(wire, jid, timeout=timeout), fetch_current(wire, timeout=timeout)
    )
    missing = avatar if avatar.uploads and service is None else None
    avatar = avatar if missing is None else avatar.without_uploads()
    steps: list[Step] = []
    if account.pep:
        steps += [_upload(service, each) for each in avatar.uploads if service is not None]
        steps += _access(account, current, access_model)
        steps += _publishing(avatar, access_model if account.publish_options else None)
    if vcard and not account.converts:
        steps.append(await _card(wire, image, timeout))
    if account.pep:
        steps += _reading_back(avatar.png_id or "")
    cautions = of_publishing(
        account,
        current,
        avatar,
        steps,
        access_model=access_model,
        vcard=vcard,
        service=service,
        left_out=missing is not None,
    )
    return PublishPlan(jid, Act.PUBLISH, tuple(steps), cautions, current, avatar, access_model)


async def plan_removal(wire: Wire, jid: str, *, wipe: bool = False, vcard: bool = False, timeout: float) -> PublishPlan:
    """Plan to switch the avatar off, or with `wipe` to remove it and all its images.

    Parameters
    ----------
    wire, jid, timeout
        As for :func:`plan_publication`.
    wipe : bool
    vcard : bool
        Remove the vCard's photo too, where the server does not do it itself.

    Raises
    ------
    QueryError
    """
    account, current = await asyncio.gather(
        fetch_account(wire, jid, timeout=timeout), fetch_current(wire, timeout=timeout)
    )
    steps: list[Step] = []
    card: Element | None = None
    if account.pep:
        steps += _wiping() if wipe else _switching_off(account, current)
    if not account.converts:
        with suppress(QueryError):
            card = await fetch_or_none(wire, None, timeout)
    photo = photo_id(card)
    if vcard and photo:
        payload = serialize(with_photo(card, None, ""))
        steps.append(Step(StepKind.VCARD, "Remove the photo of the vCard, and nothing else of it", payload))
    if account.pep:
        steps.append(_asking("Read back that no avatar is announced"))
    cautions = of_removing(account, current, wipe=wipe, photo=photo, vcard=vcard)
    return PublishPlan(jid, Act.WIPE if wipe else Act.UNPUBLISH, tuple(steps), cautions, current)


def announcement(avatar: AvatarSet, access_model: str | None) -> str:
    """Return the request that publishes a set's metadata."""
    return pubsub.publish_request(METADATA, avatar.to_xml(), id_=avatar.png_id, access_model=access_model)


def _upload(service: UploadService, image: Variant) -> Step:
    purpose = ", as a profile's" if service.profile else ""
    words = f"Upload {image.width} x {image.height} as {image.mime}, {image.nbytes:,} bytes, to {service.jid}{purpose}"
    return Step(StepKind.UPLOAD, words, slot_request(service, image), "get", service.jid)


def _access(account: Account, current: Current, wanted: str | None) -> Iterator[Step]:
    """Yield what gives the nodes their access model before anything is in them."""
    if wanted is None:
        return
    for node, now in ((DATA, current.data_access_model), (METADATA, current.access_model)):
        name = node.rpartition(":")[2]
        if now is not None and now != wanted:
            request = pubsub.configure_request(node, wanted)
            yield Step(StepKind.CONFIGURE, f"Set the {name} node to {wanted}, from {now}", request, node=node)
        elif now is None and not account.publish_options:
            request = pubsub.create_request(node, access_model=wanted)
            yield Step(StepKind.CREATE, f"Make the {name} node, {wanted}", request, node=node)


def _publishing(avatar: AvatarSet, access_model: str | None) -> Iterator[Step]:
    image, id_ = avatar.check(), avatar.png_id
    encoded = base64.b64encode(image).decode()
    data = f'<data xmlns="{DATA}">{encoded}</data>'
    store = pubsub.publish_request(DATA, data, id_=id_, access_model=access_model)
    size = f"{len(image):,} bytes as one line of {len(encoded):,} Base64 characters (P84-05)"
    words = f"Store the image under its SHA-1, {size}"
    yield Step(StepKind.STORE, words, store, node=DATA)
    shown = avatar
    for each in avatar.uploads:
        shown = shown.uploaded(each, UNKNOWN_URL)
    links = len(shown.links)
    words = f"Announce it{f', and {links} more at the address of the upload' if links else ''}"
    yield Step(StepKind.ANNOUNCE, words, announcement(shown, access_model), node=METADATA)


def _reading_back(id_: str) -> Iterator[Step]:
    item = f'<items node="{DATA}"><item id={attribute(id_)}/></items>'
    words = "Read the image back and compare its SHA-1"
    yield Step(StepKind.VERIFY, words, f'<pubsub xmlns="{PUBSUB}">{item}</pubsub>', "get", node=DATA)
    yield _asking("Read back what is announced")


def _asking(words: str) -> Step:
    payload = f'<pubsub xmlns="{PUBSUB}"><items node="{METADATA}" max_items="1"/></pubsub>'
    return Step(StepKind.VERIFY, words, payload, "get", node=METADATA)


def _switching_off(account: Account, current: Current) -> Iterator[Step]:
    """Yield the steps of :func:`.remove.disable_in_pep`, for its reasons."""
    delete = Step(StepKind.DELETE, "Remove the metadata node", pubsub.delete_request(METADATA), node=METADATA)
    if account.converts:
        if current.status is Status.NOT_FOUND:
            return
        yield _empty(None)
        yield delete
        request = pubsub.create_request(METADATA, access_model=current.access_model)
        yield Step(StepKind.CREATE, "Make it anew, without an item", request, node=METADATA)
    else:
        yield delete
        yield _empty(current.access_model if account.publish_options else None)


def _wiping() -> Iterator[Step]:
    yield _empty(None)
    for node in (METADATA, DATA):
        name = node.rpartition(":")[2]
        yield Step(StepKind.PURGE, f"Empty the {name} node", pubsub.purge_request(node), node=node)
        yield Step(StepKind.DELETE, f"Remove the {name} node", pubsub.delete_request(node), node=node)


def _empty(access_model: str | None) -> Step:
    request = pubsub.publish_request(METADATA, EMPTY, id_=None, access_model=access_model)
    return Step(StepKind.EMPTY, "Announce that the avatar is switched off", request, node=METADATA)


async def _card(wire: Wire, image: bytes, timeout: float) -> Step:
    card = await fetch_or_none(wire, None, timeout)
    payload = serialize(with_photo(card, image, "image/png"))
    return Step(StepKind.VCARD, "Write the photo of the vCard, and nothing else of it; read it back", payload)


async def _metadata(wire: Wire, timeout: float) -> Metadata | None:
    try:
        return await fetch_metadata(wire, None, timeout=timeout)
    except NotFound:
        return None


async def _access_model(wire: Wire, node: str, timeout: float) -> str | None:
    try:
        return await pubsub.access_model_of(wire, node, timeout=timeout)
    except QueryError:
        return None
