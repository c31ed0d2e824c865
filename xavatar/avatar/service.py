"""AvatarService: avatars for any aioxmpp program, with the API that aioxmpp documents for its own."""

from __future__ import annotations

import asyncio
from typing import Any

import aioxmpp
import aioxmpp.avatar.xso
import aioxmpp.callbacks
import aioxmpp.disco
import aioxmpp.entitycaps
import aioxmpp.errors
import aioxmpp.muc.xso
import aioxmpp.pep
import aioxmpp.presence
import aioxmpp.pubsub
import aioxmpp.service
import aioxmpp.stream

from xavatar.errors import QueryError, SessionClosed
from xavatar.wire import Wire
from xavatar.wire.xml import METADATA

from . import guards, pubsub
from .account import fetch_room
from .advertise import Advertiser
from .avatar_set import AvatarSet
from .describe import Descriptors
from .descriptors import AbstractAvatarDescriptor
from .failures import documented_errors
from .publish import ACCESS_MODELS
from .reader import Reader
from .tasks import Tasks
from .vcard import fetch_or_none, photo_id
from .watcher import Watcher
from .writer import Writer

TIMEOUT = 20.0
CACHE_SIZE = 200
_RESUBSCRIBE = 2.0


class _OwnUpdate(aioxmpp.avatar.xso.VCardTempUpdate):
    """The ``<x/>`` that we put in a presence; one of another class is the program's own."""


class AvatarService(aioxmpp.service.Service):
    """Read, watch and publish avatars: PEP (XEP-0084), else the vCard (XEP-0153).

    Summon it before the client connects: ``avatar = client.summon(AvatarService)``.

    Parameters
    ----------
    client : aioxmpp.Client
    timeout : float
        Seconds to wait for each answer; also an attribute.

    Attributes
    ----------
    on_metadata_changed : aioxmpp.callbacks.Signal
        Fires as ``(jid, metadata)`` when a known avatar changed or a first one was announced;
        `metadata` is a list of descriptors, empty when there is no avatar any more.
    avatar_pep : aioxmpp.pep.service.RegisteredPEPNode
        Its ``notify`` switches notifications on and off; a new presence follows by itself.

    Examples
    --------
    >>> async def main() -> int:
    ...     with xa.sandbox("verona") as box:
    ...         client = xa.aioxmpp_client(sandbox=box)
    ...         avatar = client.summon(xa.AvatarService)
    ...         async with client.connected():
    ...             (descriptor,) = await avatar.get_avatar_metadata(aioxmpp.JID.fromstr("romeo@montague.lit"))
    ...             return len(await descriptor.get_image_bytes())
    >>> asyncio.run(main()) > 1000
    True
    """

    ORDER_AFTER = [  # noqa: RUF012  aioxmpp's metaclass reads it
        Wire,
        aioxmpp.disco.DiscoClient,
        aioxmpp.disco.DiscoServer,
        aioxmpp.entitycaps.EntityCapsService,
        aioxmpp.pubsub.PubSubClient,
        aioxmpp.pep.PEPClient,
        aioxmpp.presence.PresenceClient,
        aioxmpp.presence.PresenceServer,
    ]

    on_metadata_changed = aioxmpp.callbacks.Signal()

    avatar_pep = aioxmpp.pep.register_pep_node(METADATA, notify=True)

    _notified: bool | None = None

    def __init__(self, client: aioxmpp.Client, *, timeout: float = TIMEOUT, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)
        self._wire: Wire = self.dependencies[Wire]
        self._presences = self.dependencies[aioxmpp.presence.PresenceClient]
        self._presence = self.dependencies[aioxmpp.presence.PresenceServer]
        self._tasks = Tasks()
        self._reader = Reader(self._wire, timeout=timeout, size=CACHE_SIZE, changed=self._announce)
        self._advertiser = Advertiser(self._own_photo, self._broadcast)
        self._writer = Writer(self._wire, self._reader, self._advertiser, self._tell_rooms)
        self._watcher = Watcher(self._wire, self._reader, self._advertiser, self._tasks, self._node_deleted)
        self._subscribed: set[Any] = set()
        self._notified = self.avatar_pep.notify
        guards.install(self._wire)
        if client.established:
            if self._presence.state.available:
                self._advertiser.act(self._advertiser.rules.sent())
            self._log_in()

    # -- settings

    @property
    def timeout(self) -> float:
        """Seconds to wait for each answer."""
        return self._reader.timeout

    @timeout.setter
    def timeout(self, value: float) -> None:
        self._reader.timeout = float(value)

    @property
    def metadata_cache_size(self) -> int:
        """JIDs remembered at most, 200 unless set; the least recently used goes first.

        It bounds everything that others can make grow.
        """
        return self._reader.cache.size

    @metadata_cache_size.setter
    def metadata_cache_size(self, value: int) -> None:
        self._reader.cache.size = value

    @property
    def negative_lifetime(self) -> float:
        """Seconds for which "there is no avatar" is believed, unless something is announced."""
        return self._reader.negative_lifetime

    @negative_lifetime.setter
    def negative_lifetime(self, value: float) -> None:
        self._reader.negative_lifetime = float(value)

    @property
    def failure_lifetime(self) -> float:
        """Seconds after a refusal or a timeout before the same is asked again."""
        return self._reader.failure_lifetime

    @failure_lifetime.setter
    def failure_lifetime(self, value: float) -> None:
        self._reader.failure_lifetime = float(value)

    @property
    def synchronize_vcard(self) -> bool:
        """Whether to publish and remove in the vCard too; false unless set.

        It is without effect on servers that keep PEP and vCard the same (XEP-0398). It takes
        effect with the next :meth:`publish_avatar_set` or :meth:`disable_avatar`.
        """
        return self._writer.synchronize_vcard

    @synchronize_vcard.setter
    def synchronize_vcard(self, value: bool) -> None:
        self._writer.synchronize_vcard = bool(value)

    @property
    def advertise_vcard(self) -> bool:
        """Whether presences say the hash of the vCard's photo (XEP-0153); true unless set.

        Switched off, our presences say nothing of it, which on servers without XEP-0398 makes
        the account's other clients stop too (XEP-0153, 4.3.1). Switched on again, the vCard is
        fetched first.
        """
        return self._advertiser.rules.advertise

    @advertise_vcard.setter
    def advertise_vcard(self, value: bool) -> None:
        if bool(value) != self.advertise_vcard:
            self._advertiser.act(self._advertiser.rules.toggled(bool(value)), at_once=True)

    @property
    def opt_out_of_injection(self) -> bool:
        """Whether our presences ask the server to add no avatar hash (XEP-0398, 4); false unless set.

        It holds from the next presence on.
        """
        return self._advertiser.rules.opted_out

    @opt_out_of_injection.setter
    def opt_out_of_injection(self, value: bool) -> None:
        self._advertiser.rules.opted_out = bool(value)

    # -- reading

    async def get_avatar_metadata(
        self, jid: aioxmpp.JID, *, require_fresh: bool = False, disable_pep: bool = False
    ) -> list[AbstractAvatarDescriptor]:
        """Return what is announced of somebody's avatar; an empty list when there is none.

        PEP is asked, and where it has no avatar to give, for whatever reason, the vCard. An
        avatar that was switched off (XEP-0084, 3.5) is none.

        Parameters
        ----------
        jid : aioxmpp.JID
            Bare JID; for somebody in a room the full one.
        require_fresh : bool
            Ask even if the answer is known.
        disable_pep : bool
            Ask the vCard only. Not needed for occupants of rooms one is in.

        Raises
        ------
        aioxmpp.XMPPCancelError
            The vCard could not be had for another reason than that there is none. What PEP said
            before is its ``__cause__``.
        ConnectionError
            There is no connection.
        """
        target, pep = self._target(jid, disable_pep)
        with documented_errors():
            return list(await self._reader.metadata(target, fresh=require_fresh, pep=pep))

    async def subscribe(self, jid: aioxmpp.JID) -> None:
        """Subscribe to somebody's avatar explicitly.

        Contacts need no subscription, their changes come by ``avatar_pep.notify``. Should the
        node be removed, which ends subscriptions, it is subscribed to anew.

        Raises
        ------
        aioxmpp.XMPPCancelError
        ConnectionError
        """
        with documented_errors():
            await pubsub.subscribe(
                self._wire, str(jid.bare()), METADATA, subscriber=str(self._own), timeout=self.timeout
            )
        self._subscribed.add(jid.bare())

    async def unsubscribe(self, jid: aioxmpp.JID) -> None:
        """End what :meth:`subscribe` began.

        Raises
        ------
        aioxmpp.XMPPCancelError
        ConnectionError
        """
        self._subscribed.discard(jid.bare())
        with documented_errors():
            await pubsub.unsubscribe(
                self._wire, str(jid.bare()), METADATA, subscriber=str(self._own), timeout=self.timeout
            )

    # -- publishing

    async def publish_avatar_set(self, avatar_set: AvatarSet, *, access_model: str | None = None) -> None:
        """Make `avatar_set` the account's avatar.

        The image is stored before it is announced, in PEP before the vCard, and looked at
        afterwards. If it cannot be announced, it is withdrawn again.

        Parameters
        ----------
        avatar_set : AvatarSet
        access_model : str, optional
            Who may see it: ``open`` for everybody, ``presence`` for contacts. Left out, the
            nodes stay as they are; new ones get the server's default, ``presence`` as a rule,
            with which nobody in chat rooms sees the image.

        Raises
        ------
        RuntimeError
            The set has no PNG image; or no protocol is available: no PEP, and
            :attr:`synchronize_vcard` is off; or the server has another image afterwards.
        aioxmpp.XMPPCancelError
            A step was refused. Its notes tell what became of the image.
        ConnectionError
            There is no connection.
        """
        if access_model is not None and access_model not in ACCESS_MODELS:
            raise ValueError(f"access_model is one of {', '.join(ACCESS_MODELS)}, not {access_model!r}.")
        with documented_errors():
            await self._writer.publish(avatar_set, access_model)

    async def disable_avatar(self) -> None:
        """Switch the avatar off, for a time: its image stays on the server.

        With :attr:`synchronize_vcard` the vCard's photo is removed, even if PEP fails. It is no
        error if neither protocol is there.

        Raises
        ------
        aioxmpp.errors.GatherError
            With all errors in ``exceptions``.
        """
        await self._writer.disable()

    async def wipe_avatar(self) -> None:
        """Remove the avatar and its images, so that they are not to be had by their ids either.

        With :attr:`synchronize_vcard` the vCard's photo is removed, even if PEP fails. It is no
        error if neither protocol is there.

        Raises
        ------
        aioxmpp.errors.GatherError
            With all errors in ``exceptions``.
        """
        await self._writer.wipe()

    def notice(self, photo: str | None) -> None:
        """Take note that the program itself published, past this service, as a plan does.

        Presences say the photo's hash from now on, and the rooms one is in are told.

        Parameters
        ----------
        photo : str, optional
            SHA-1 of the photo that is now in the own vCard, ``""`` when it has none; ``None`` when
            only PEP was written.
        """
        if photo is not None:
            self._advertiser.stored(photo)
        self._tell_rooms()

    # -- rooms (XEP-0486)

    async def get_room_avatar(self, room: aioxmpp.JID) -> list[AbstractAvatarDescriptor]:
        """Return the photos of a room's vCard, asked for now.

        Raises
        ------
        aioxmpp.XMPPCancelError
        ConnectionError
        """
        return await self.get_avatar_metadata(room.bare(), require_fresh=True, disable_pep=True)

    async def get_room_hashes(self, room: aioxmpp.JID) -> tuple[str, ...]:
        """Return the hashes that a room announces for its avatar; empty when it has none (3.3).

        Raises
        ------
        aioxmpp.XMPPCancelError
        ConnectionError
        """
        with documented_errors():
            return (await fetch_room(self._wire, str(room.bare()), timeout=self.timeout)).hashes

    async def publish_room_avatar(self, room: aioxmpp.JID, image_bytes: bytes, mime_type: str = "image/png") -> None:
        """Set a room's avatar, as its owner.

        Raises
        ------
        RuntimeError
            The room has no vCard (P486-01), or holds another image afterwards.
        aioxmpp.XMPPCancelError
            It was refused, as ``forbidden`` for anybody but the owner.
        ConnectionError
        """
        with documented_errors():
            await self._writer.write_room(room.bare(), image_bytes, mime_type)

    async def remove_room_avatar(self, room: aioxmpp.JID) -> None:
        """Remove a room's avatar, as its owner; raises like :meth:`publish_room_avatar`."""
        with documented_errors():
            await self._writer.write_room(room.bare(), None, "")

    # -- inside: reading

    @property
    def _own(self) -> Any:
        return self.client.local_jid.bare()

    def _target(self, jid: Any, disable_pep: bool) -> tuple[Any, bool]:
        """Return whom to ask for `jid`'s avatar, and whether by PEP.

        An occupant's is in the vCard behind the room (D-43), a contact's with the bare JID (A-28).
        """
        if jid.resource is None or disable_pep:
            return jid, not disable_pep
        if jid.bare() in self._watcher.rooms:
            return jid, False
        presence = self._presences.get_peer_resources(jid.bare()).get(jid.resource)
        contact = presence is not None and presence.xep0045_muc_user is None
        return (jid.bare() if contact else jid), True

    def _announce(self, jid: Any, metadata: Descriptors) -> None:
        # In order, and outside of the parser that may have brought the news.
        asyncio.get_running_loop().call_soon(self.on_metadata_changed, jid, list(metadata))

    def _node_deleted(self, jid: Any) -> None:
        if jid in self._subscribed:
            self._tasks.spawn(self._subscribe_again(jid))

    async def _subscribe_again(self, jid: Any) -> None:
        await asyncio.sleep(_RESUBSCRIBE)
        try:
            await self.subscribe(jid)
        except (QueryError, SessionClosed) as error:
            self.logger.info("%s removed the avatar node, and with it our subscription: %s", jid, error)

    # -- inside: presence

    @aioxmpp.service.depsignal(aioxmpp.Client, "on_stream_established")
    def _log_in(self) -> None:
        self._tasks.spawn(self._learn_account())

    async def _learn_account(self) -> None:
        try:
            account = await self._writer.account()
        except (QueryError, SessionClosed) as error:
            # Without knowing whether the server injects hashes, to say none is the safe thing.
            self.logger.info("what the account offers is not known, no avatar hash is advertised: %s", error)
        else:
            self._advertiser.act(self._advertiser.rules.learned(converts=account.converts), at_once=True)

    @aioxmpp.service.depsignal(aioxmpp.stream.StanzaStream, "on_stream_destroyed")
    def _log_out(self, _reason: BaseException | None = None) -> None:
        self._tasks.cancel()
        self._advertiser.reset()
        self._reader.clear()
        self._watcher.clear()
        self._writer.forget_account()

    @aioxmpp.service.depfilter(aioxmpp.stream.StanzaStream, "service_outbound_presence_filter")
    def _send_presence(self, presence: Any) -> Any:
        rules = self._advertiser.rules
        if presence.type_ == aioxmpp.PresenceType.AVAILABLE:
            ours = presence.xep0153_x is None or isinstance(presence.xep0153_x, _OwnUpdate)
            if ours:
                presence.xep0153_x = _OwnUpdate(rules.says) if rules.advertise else None
            if presence.to is None:
                self._notified = self.avatar_pep.notify
                said = presence.xep0153_x
                self._advertiser.act(rules.sent(said.photo) if said is not None else rules.sent())
        elif presence.type_ == aioxmpp.PresenceType.UNAVAILABLE and presence.to is None:
            rules.offline()
        return presence

    @aioxmpp.service.depsignal(aioxmpp.entitycaps.EntityCapsService, "on_ver_changed")
    def _renew_capabilities(self) -> None:
        # What is asked for by +notify, the server learns from a presence only (XEP-0115, 6).
        if self._notified in (None, self.avatar_pep.notify):
            return
        if self.client.established and self._presence.state.available:
            self._notified = self.avatar_pep.notify
            self._broadcast()

    def _broadcast(self) -> None:
        if self._presence.state.available:
            self._presence.resend_presence()

    def _tell_rooms(self) -> None:
        """Send our presence to the rooms we are in: servers send them no new hash (P398-06, D-47)."""
        if not self._presence.state.available or not self.client.established:
            return
        for occupant in self._watcher.rooms:
            presence = self._presence.make_stanza()
            presence.to = occupant
            self.client.enqueue(presence)

    async def _own_photo(self) -> str | None:
        try:
            return photo_id(await fetch_or_none(self._wire, None, self.timeout))
        except (QueryError, SessionClosed) as error:
            self.logger.info("the own vCard could not be read, no avatar hash is advertised: %s", error)
            return None

    async def _shutdown(self) -> None:
        self._watcher.close()
        self._advertiser.reset()
        await self._tasks.close()
        await super()._shutdown()
