"""What a server says of its stanzas' size, as aioxmpp reads it (XEP-0478)."""

from __future__ import annotations

import io

import aioxmpp.nonza
import aioxmpp.xml
import pytest

from xavatar.wire.stream_limits import learn_limits, stanza_bytes

FEATURES = "<features xmlns='http://etherx.jabber.org/streams'>%s<other xmlns='urn:x'/></features>"
LIMITS = "<limits xmlns='urn:xmpp:stream-limits:0'>%s</limits>"


@pytest.mark.parametrize(
    ("said", "most"),
    [
        ("", None),
        (LIMITS % "", None),
        (LIMITS % "<idle-seconds>60</idle-seconds>", None),
        (LIMITS % "<max-bytes>262144</max-bytes><idle-seconds>60</idle-seconds>", 262_144),
        (LIMITS % "<max-bytes> 10000 </max-bytes><more xmlns='urn:y'>1</more>", 10_000),
        (LIMITS % "<max-bytes>plenty</max-bytes>", None),
        (LIMITS % "<max-bytes>0</max-bytes>", None),
        (LIMITS % "<max-bytes>-1</max-bytes>", None),
        (LIMITS % "<max-bytes/>", None),
    ],
)
def test_the_largest_stanza(said: str, most: int | None) -> None:
    learn_limits()
    features = aioxmpp.xml.read_single_xso(io.BytesIO((FEATURES % said).encode()), aioxmpp.nonza.StreamFeatures)
    assert stanza_bytes(features) == most


def test_before_there_is_a_stream() -> None:
    assert stanza_bytes(None) is None
