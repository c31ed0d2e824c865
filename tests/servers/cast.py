"""Who lives on a server when a test begins: accounts, rosters, PEP items, vCards, rooms."""

from __future__ import annotations

import base64
import hashlib
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from PIL import Image, ImageDraw

METADATA = "urn:xmpp:avatar:metadata"
DATA = "urn:xmpp:avatar:data"
MIRROR = {"both": "both", "to": "from", "from": "to", "none": "none"}


@dataclass(frozen=True, slots=True)
class Item:
    """A PEP item to publish; without `access` the server's default access model applies."""

    node: str
    id: str
    payload: str
    access: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A roster entry by the contact's local part; the contact's own roster gets its mirror image."""

    user: str
    name: str = ""
    groups: tuple[str, ...] = ()
    subscription: str = "both"


@dataclass(frozen=True, slots=True)
class User:
    """An account, by its local part. One that does not exist is only an entry in rosters."""

    name: str
    password: str = "wherefore"
    roster: tuple[Contact, ...] = ()
    items: tuple[Item, ...] = ()
    vcard: str | None = None
    exists: bool = True


@dataclass(frozen=True, slots=True)
class Room:
    """A persistent room, by its local part, made by its owner."""

    name: str
    owner: str
    title: str = ""
    vcard: str | None = None


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody and every room of a server."""

    users: tuple[User, ...]
    rooms: tuple[Room, ...] = ()

    def accounts(self) -> dict[str, str]:
        """Return the passwords by local part."""
        return {user.name: user.password for user in self.users if user.exists}

    def rosters(self) -> dict[str, list[Contact]]:
        """Return every account's whole roster: what it declares and what others' declarations mirror to it."""
        rosters: dict[str, list[Contact]] = {user.name: list(user.roster) for user in self.users}
        declared = {(user.name, contact.user) for user in self.users for contact in user.roster}
        for user in self.users:
            for contact in user.roster:
                if contact.user in rosters and (contact.user, user.name) not in declared:
                    rosters[contact.user].append(Contact(user.name, subscription=MIRROR[contact.subscription]))
        return rosters


def picture(seed: int, size: int = 64) -> bytes:
    """Return a PNG, the same for the same seed; every second one is noisy, as photographs are (about 10 kB)."""
    rng = random.Random(seed)
    image = Image.new("RGB", (size, size), (seed % 256, seed // 256 % 256, 77))
    if seed % 2:
        image = Image.frombytes("RGB", (size, size), rng.randbytes(3 * size * size))
    ImageDraw.Draw(image).text((4, size // 3), str(seed))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def avatar(png: bytes, access: str | None = "open") -> tuple[Item, Item]:
    """Return the two items of an avatar as XEP-0084, 3 wants them: data first, then metadata."""
    digest = hashlib.sha1(png).hexdigest()
    width, height = Image.open(io.BytesIO(png)).size
    info = f"<info id='{digest}' bytes='{len(png)}' type='image/png' width='{width}' height='{height}'/>"
    return (
        Item(DATA, digest, f"<data xmlns='{DATA}'>{base64.b64encode(png).decode()}</data>", access),
        Item(METADATA, digest, f"<metadata xmlns='{METADATA}'>{info}</metadata>", access),
    )


def vcard(png: bytes | None = None, name: str = "") -> str:
    """Return a vCard (XEP-0054) with or without a PHOTO."""
    photo = ""
    if png is not None:
        photo = f"<PHOTO><TYPE>image/png</TYPE><BINVAL>{base64.b64encode(png).decode()}</BINVAL></PHOTO>"
    return f"<vCard xmlns='vcard-temp'><FN>{name}</FN>{photo}</vCard>"


def _walk_ons(count: int) -> Iterator[User]:
    for number in range(1, count + 1):
        yield User(f"walkon{number}", roster=(Contact("juliet"),))


def stage() -> Cast:
    """Return the cast of the shared servers.

    ``juliet`` looks. Nobody changes the named ones; a test that publishes takes a ``walkonN`` of its own: the node of
    another test would be there with another access model. Pictures are ``picture(1)`` for romeo, ``picture(2)`` for
    nurse, and so on in the order below.
    """
    romeo, nurse, tybalt, paris, friar = (
        User("romeo", items=avatar(picture(1))),
        User("nurse", items=avatar(picture(2), access="presence")),
        User("tybalt", vcard=vcard(picture(3), "Tybalt")),
        User("paris", items=(Item(METADATA, "off", f"<metadata xmlns='{METADATA}'/>", "open"),)),
        User("friar", items=avatar(picture(4), access="whitelist")),
    )
    balthasar = User("balthasar")
    sampson = User("sampson", items=avatar(picture(5)))                        # strangers to juliet
    gregory = User("gregory", items=avatar(picture(6), access="presence"))
    mercutio = User("mercutio", exists=False)
    juliet = User(
        "juliet",
        roster=(
            Contact("romeo", "Romeo", ("Montague",)),
            Contact("nurse", "Nurse", ("Household", "Friends")),
            Contact("tybalt", "Cousin", ("Household",)),
            Contact("paris"),
            Contact("friar", "Friar Laurence"),
            Contact("balthasar", subscription="to"),
            Contact("mercutio", "Mercutio †"),
        ),
        items=avatar(picture(7)),
    )
    users = (juliet, romeo, nurse, tybalt, paris, friar, balthasar, sampson, gregory, mercutio, *_walk_ons(26))
    rooms = (
        Room("balcony", owner="juliet", title="The balcony", vcard=vcard(picture(8), "balcony")),
        Room("tomb", owner="juliet", title="The tomb"),
    )
    return Cast(users, rooms)


def crowd(count: int, *, without_avatar: int = 10) -> Cast:
    """Return ``alice`` with `count` contacts ``user00000...``, every `without_avatar`-th without a picture."""
    contacts = [User(f"user{number:05d}", "pw") for number in range(count)]
    contacts = [
        user if number % without_avatar == without_avatar - 1 else replace(user, items=avatar(picture(number)))
        for number, user in enumerate(contacts)
    ]
    return Cast((User("alice", "pw", roster=tuple(Contact(user.name) for user in contacts)), *contacts))
