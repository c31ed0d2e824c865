"""What a scenario's entry shows, read from its XML apart from the package's own readers."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from xml.etree.ElementTree import Element, fromstring

from PIL import ExifTags, Image

from xavatar.sandbox.scenario import Account, Fault, Node, Occupant, Resource, Room, Scenario

UPDATE = "{vcard-temp:x:update}"
METADATA = "{urn:xmpp:avatar:metadata}"
SIGNATURES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"RIFF": "webp"}


@dataclass(frozen=True)
class Photo:
    """A PHOTO of a vCard."""

    type: str | None
    text: str
    bytes: bytes | None
    url: str | None


class View:
    """One entry's content, opened."""

    def __init__(
        self,
        *,
        jid: str = "",
        nodes: tuple[Node, ...] = (),
        vcard: str | None = None,
        resources: tuple[Resource, ...] = (),
        faults: tuple[Fault, ...] = (),
        own: bool = False,
        exists: bool = True,
        subscribed: bool = True,
        room: Room | None = None,
        refuses_queries: bool = False,
        borrowed_nick: bool = False,
        known: frozenset[str] = frozenset(),
        contact: bool = False,
    ) -> None:
        self.domain = jid.partition("@")[2]
        self.vcard, self.faults, self.own, self.exists, self.room = vcard, faults, own, exists, room
        self.refuses_queries, self.borrowed_nick, self.known = refuses_queries, borrowed_nick, known
        self._nodes = {node.name.rpartition(":")[2]: node for node in nodes}
        self.contact, self._subscribed = contact, subscribed
        self._resources = resources

    # PEP
    @cached_property
    def _metadata(self) -> Element | None:
        node = self._nodes.get("metadata")
        return fromstring(node.items[-1].payload) if node and node.items else None

    @property
    def items(self) -> int:
        return len(self._nodes["metadata"].items) if "metadata" in self._nodes else 0

    @property
    def item_id(self) -> str | None:
        return self._nodes["metadata"].items[-1].id if self.items else None

    @property
    def infos(self) -> list[dict[str, str]]:
        return [] if self._metadata is None else [info.attrib for info in self._metadata.iterfind(f"{METADATA}info")]

    @property
    def ids(self) -> list[str]:
        return [info["id"] for info in self.infos]

    @property
    def urls(self) -> list[str]:
        return [info["url"] for info in self.infos if "url" in info]

    @property
    def metadata_children(self) -> list[str]:
        return [] if self._metadata is None else [child.tag.removeprefix(METADATA) for child in self._metadata]

    @property
    def metadata_disorder(self) -> bool:
        order = [{"info": 0, "pointer": 1, "stop": 0}.get(name, -1) for name in self.metadata_children]
        return -1 in order or order != sorted(order)

    @property
    def pointer_wrong(self) -> bool:
        pointers = [] if self._metadata is None else self._metadata.findall(f"{METADATA}pointer")
        return any(len(pointer) != 1 for pointer in pointers)

    @property
    def info_content(self) -> bool:
        found = [] if self._metadata is None else self._metadata.findall(f"{METADATA}info")
        return any(info.text or len(info) for info in found)

    @property
    def disabled(self) -> bool:
        return self.items > 0 and not self.metadata_children

    @property
    def purged(self) -> bool:
        return len(self._nodes) == 2 and not any(node.items for node in self._nodes.values())

    @property
    def access(self) -> set[str]:
        return {node.access_model for node in self._nodes.values()}

    @property
    def refused(self) -> bool:
        return "whitelist" in self.access or ("presence" in self.access and not self._subscribed)

    def _data_elements(self) -> Iterator[tuple[str, Element]]:
        for item in self._nodes["data"].items if "data" in self._nodes else ():
            yield item.id, fromstring(item.payload)

    @cached_property
    def data(self) -> dict[str, bytes]:
        return {each: _decoded(element.text or "") for each, element in self._data_elements()}

    @property
    def data_texts(self) -> list[str]:
        return [element.text or "" for _, element in self._data_elements()]

    @property
    def data_attributes(self) -> bool:
        return any(element.attrib for _, element in self._data_elements())

    @cached_property
    def data_ids(self) -> set[str]:
        return {self.sha1(data) for data in self.data.values()}

    @property
    def vcard4_photo(self) -> bool:
        node = self._nodes.get("vcard4")
        return node is not None and "<photo>" in node.items[-1].payload

    @cached_property
    def lies(self) -> set[str]:
        """Ids of what the infos say against the data."""
        found = set()
        for info in self.infos:
            data = self.data.get(info.get("id", "")) if "url" not in info else None
            if data is None:
                continue
            if self.sha1(data) != info["id"].lower():
                found.add("P84-08")
            if "bytes" in info and int(info["bytes"]) != len(data):
                found.add("P84-09")
            size = _size(data)
            if size and "width" in info and (int(info["width"]), int(info["height"])) != size:
                found.add("P84-10")
        return found

    # vCard
    @cached_property
    def photos(self) -> list[Photo]:
        vcard = fromstring(self.vcard) if self.vcard else Element("vCard")
        return [_photo(element) for element in vcard.iterfind("{vcard-temp}PHOTO")]

    @cached_property
    def photo_ids(self) -> set[str]:
        return {self.sha1(photo.bytes) for photo in self.photos if photo.bytes}

    # presence
    @cached_property
    def _updates(self) -> list[list[Element]]:
        """The update elements of each resource."""
        found = []
        for resource in self._resources:
            presence = fromstring(f"<presence>{resource.children}</presence>")
            updates = presence.findall(f"{UPDATE}x")
            if resource.inject and not updates:
                current = self.item_id if self.item_id is not None else ""
                updates = [fromstring(f"<x xmlns='vcard-temp:x:update'><photo>{current}</photo></x>")]
            found.append(updates)
        return found

    @property
    def hashes(self) -> set[str]:
        photos = (update.find(f"{UPDATE}photo") for updates in self._updates for update in updates)
        return {photo.text for photo in photos if photo is not None and photo.text}

    @property
    def announces(self) -> bool:
        # A session of the user's own gets the hash of PEP injected.
        return any(self.is_sha1(each) for each in self.hashes) or (self.own and self.item_id is not None)

    @property
    def updates(self) -> int:
        return max((len(updates) for updates in self._updates), default=0)

    @property
    def silent_resources(self) -> int:
        return sum(not updates for updates in self._updates)

    @property
    def not_ready(self) -> bool:
        return any(not len(update) for updates in self._updates for update in updates)

    @property
    def denies(self) -> bool:
        return bool(self._updates) and not self.hashes and not self.not_ready and not self.silent_resources

    # images
    @property
    def pictures(self) -> list[bytes]:
        return [*self.data.values(), *(photo.bytes for photo in self.photos if photo.bytes)]

    @property
    def labelled(self) -> list[tuple[str | None, bytes]]:
        shown = [(info.get("type"), self.data[info["id"]]) for info in self.infos if info.get("id") in self.data]
        return [*shown, *((photo.type, photo.bytes) for photo in self.photos if photo.bytes)]

    @property
    def bad_base64(self) -> list[str]:
        texts = [*self.data_texts, *(photo.text for photo in self.photos)]
        return [text for text in texts if re.search(r"[^A-Za-z0-9+/=\s]", text)]

    @staticmethod
    def is_sha1(text: str) -> bool:
        return re.fullmatch(r"\s*[0-9a-fA-F]{40}\s*", text) is not None

    @staticmethod
    def sha1(data: bytes) -> str:
        return hashlib.sha1(data).hexdigest()

    @staticmethod
    def format(data: bytes) -> str | None:
        if b"<svg" in data[:200]:
            return "svg"
        return next((name for signature, name in SIGNATURES.items() if data.startswith(signature)), None)

    @classmethod
    def mime(cls, data: bytes) -> str | None:
        form = cls.format(data)
        return {None: None, "svg": "image/svg+xml"}.get(form, f"image/{form}")

    @classmethod
    def decodes(cls, data: bytes) -> bool:
        if cls.format(data) is None or (_size(data) or (0, 0)) > (10_000, 10_000):
            return False
        try:
            with Image.open(io.BytesIO(data)) as image:
                image.load()
        except OSError:
            return False
        return True

    @classmethod
    def frames(cls, data: bytes) -> int:
        if cls.format(data) in (None, "svg") or (_size(data) or (0, 0)) > (10_000, 10_000):
            return 1
        with Image.open(io.BytesIO(data)) as image:
            return getattr(image, "n_frames", 1)

    @classmethod
    def small(cls, data: bytes) -> bool:
        """As XEP-0153, 4.6 wants it."""
        size = _size(data)
        return size is None or (len(data) < 8192 and size[0] == size[1] and 32 <= size[0] <= 96)

    @classmethod
    def has_gps(cls, data: bytes) -> bool:
        if cls.format(data) != "jpeg":
            return False
        with Image.open(io.BytesIO(data)) as image:
            return bool(image.getexif().get_ifd(ExifTags.IFD.GPSInfo))


def _decoded(text: str) -> bytes:
    clean = re.sub(r"[^A-Za-z0-9+/=]", "", text.rpartition(",")[2])
    return base64.b64decode(clean)


def _size(data: bytes) -> tuple[int, int] | None:
    if data.startswith(b"\x89PNG"):
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if View.format(data) in (None, "svg"):
        return None
    with Image.open(io.BytesIO(data)) as image:
        return image.size


def _photo(element: Element) -> Photo:
    text = element.findtext("{vcard-temp}BINVAL")
    data = None if text is None else _decoded(text)
    return Photo(element.findtext("{vcard-temp}TYPE"), text or "", data, element.findtext("{vcard-temp}EXTVAL"))


def view(account: Account, scenario: Scenario) -> View:
    """Return the view of an account."""
    return View(
        jid=account.jid,
        nodes=account.nodes,
        vcard=account.vcard,
        resources=account.resources,
        faults=account.faults,
        own=account.jid == scenario.user,
        exists=account.exists,
        contact=True,
        subscribed=account.subscription != "from",
    )


def room_view(room: Room) -> View:
    """Return the view of a room."""
    return View(jid=room.jid, vcard=room.vcard, room=room, refuses_queries=not room.allow_query_users)


def occupant_view(occupant: Occupant, room: Room, scenario: Scenario) -> View:
    """Return the view of an occupant: its own presence before its account's content."""
    account = scenario.account(occupant.jid)
    others = {each.name for each in scenario.accounts if each.jid != occupant.jid}
    known = (view(each, scenario) for each in scenario.accounts if each.subscription is not None or each.password)
    return View(
        nodes=account.nodes,
        vcard=account.vcard,
        resources=(Resource(occupant.nick, occupant.children, occupant.inject),),
        refuses_queries=not room.allow_query_users,
        borrowed_nick=occupant.nick in others,
        known=frozenset(each for shown in known for each in shown.data_ids | shown.photo_ids),
    )


def prompt(scenario: Scenario) -> Scenario:
    """The same with delays so short that a timeout of less than a second tells who is silent."""
    faults = {
        account.jid: tuple(replace(fault, seconds=0.1) for fault in account.faults) for account in scenario.accounts
    }
    return replace(
        scenario, accounts=tuple(replace(account, faults=faults[account.jid]) for account in scenario.accounts)
    )
