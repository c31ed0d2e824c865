"""What a recording keeps, and what it does not."""

from __future__ import annotations

import base64
import time
from xml.etree.ElementTree import fromstring

import pytest

from xavatar.wire.capture import Direction
from xavatar.wire.recorder import Recorder
from xavatar.wire.secrecy import cleaned

SLOT = "<iq><slot xmlns='urn:xmpp:http:upload:0'>{}<get url='u'/></slot></iq>"
SECRETS = {
    "room password": "<presence><x xmlns='http://jabber.org/protocol/muc'><password>hunter2</password></x></presence>",
    "invitation": "<message><x xmlns='jabber:x:conference' jid='r@m' password='hunter2'/></message>",
    "registration": "<iq type='set'><query xmlns='jabber:iq:register'><password>hunter2</password></query></iq>",
    "prefixed": "<iq xmlns:q='jabber:iq:register'><q:query><q:password a='b'>hunter2</q:password></q:query></iq>",
    "in capitals": "<iq><vault xmlns='urn:x'><Password>hunter2</Password><PIN_TOKEN>hunter2</PIN_TOKEN></vault></iq>",
    "as characters": "<iq><password><![CDATA[<hunter2>]]>hunter2</password></iq>",
    "room secret": "<iq><x><field var='muc#roomconfig_roomsecret'><value>hunter2</value></field></x></iq>",
    "field": "<iq><x><field type='text-private' var = 'passwd'><value a='b'>hunter2</value></field ></x></iq>",
    "upload": SLOT.format("<put url='u'><header name='Authorization'>Basic hunter2</header></put>"),
    "upload's address": SLOT.format("<put url='https://u.lit/a.png?v=hunter2'/>"),
    "service": "<iq><services><service host='s' username='u' password='hunter2'/></services></iq>",
    "token": "<iq><token xmlns='urn:x'>hunter2</token></iq>",
    "access token": "<iq><oauth_token xmlns='urn:x'>hunter2</oauth_token><x access-token='hunter2'/></iq>",
    "private key": "<iq><secretkey xmlns='urn:xmpp:openpgp:0'>hunter2</secretkey></iq>",
    "words": "<message><body xml:lang='en'>hunter2</body></message>",
    "marked up": "<message><html xmlns='http://jabber.org/protocol/xhtml-im'><body>hunter2<b/>hunter2</body></html></message>",
    "login": "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>hunter2</auth>",
    "prefixed login": "<s:auth a='>' xmlns:s='urn:ietf:params:xml:ns:xmpp-sasl'>hunter2</s:auth>",
    "newer login": "<authenticate xmlns='urn:xmpp:sasl:2'><initial-response>hunter2</initial-response></authenticate>",
    "old login": "<iq><query xmlns='jabber:iq:auth'><password>hunter2</password><digest>hunter2</digest></query></iq>",
}


def kept(stanza: str) -> list[bytes]:
    recorder = Recorder(1 << 20)
    recorder.record(Direction.OUT, stanza.encode())
    return [record.raw for record in recorder.records()]


@pytest.mark.parametrize("stanza", SECRETS.values(), ids=SECRETS)
def test_secrets_are_never_kept(stanza: str) -> None:
    for raw in kept(stanza):
        assert b"hunter2" not in raw
        assert b"\xe2\x80\xa6" in raw, "one sees that something stood there"
        fromstring(raw)


def test_logins_are_not_kept_at_all() -> None:
    assert [name for name, stanza in SECRETS.items() if not kept(stanza)] == ["login", "prefixed login", "newer login"]


@pytest.mark.parametrize(
    "stanza",
    [
        "<iq><feature var='token'/><field var='muc#passwordprotected'/></iq>",
        "<presence><status>my password is a secret token</status></presence>",
        "<iq type='result'><query><feature var='jabber:iq:auth'/><feature var='urn:xmpp:sasl:2'/></query></iq>",
        "<presence><status>xmlns='urn:ietf:params:xml:ns:xmpp-sasl'</status></presence>",
        "<iq><data xmlns='urn:xmpp:avatar:data'>bodytokenheaderput</data></iq>",
    ],
)
def test_what_only_mentions_a_secret_is_kept(stanza: str) -> None:
    assert kept(stanza) == [stanza.encode()]


def test_nobody_can_hide_from_the_recording() -> None:
    assert kept("<presence from='a@b'><x xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></presence>")


def test_the_size_is_that_of_the_wire() -> None:
    recorder = Recorder(1 << 20)
    stanza = SECRETS["words"].replace("hunter2", "hunter2" * 100).encode()
    recorder.record(Direction.IN, stanza)
    (record,) = recorder.records()
    assert record.size == len(stanza) > len(record.raw)


@pytest.mark.parametrize(
    "hostile",
    [
        b"<field var='" + b"secret" * 40_000 + b"'/>",
        b"<field var='token'>" * 20_000 + b"</field>" * 20_000,
        b"<password>" * 20_000 + b"</password>" * 20_000,
        b"<iq " + b"xmlns='sasl' " * 20_000 + b"/>",
        b"<iq " + b" " * 200_000 + b"a='token'/>",
        b"<iq " + b"a" * 200_000 + b"='token'/>",
        b"<password>" + b"<![CDATA[token]]>" * 20_000 + b"</password>",
        b"<put url='" + b"?url='\"" * 20_000 + b"token'/>",
        b"<iq>" + base64.b64encode(bytes(range(256)) * 1000) + b"password token secret body</iq>",
    ],
    ids=lambda raw: raw[:14].decode(),
)
def test_no_stanza_takes_long(hostile: bytes) -> None:
    begun = time.process_time()
    cleaned(hostile)
    assert time.process_time() - begun < 0.5
