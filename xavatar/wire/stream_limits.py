"""What a server says it takes at most in one stanza (XEP-0478), read through aioxmpp."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import aioxmpp
import aioxmpp.nonza
import aioxmpp.xso

_NAMESPACE: Final = "urn:xmpp:stream-limits:0"


class _StreamLimits(aioxmpp.xso.XSO):
    """The stream feature; its other limits are left aside."""

    TAG = (_NAMESPACE, "limits")
    UNKNOWN_CHILD_POLICY = aioxmpp.xso.UnknownChildPolicy.DROP
    UNKNOWN_ATTR_POLICY = aioxmpp.xso.UnknownAttrPolicy.DROP

    max_bytes = aioxmpp.xso.ChildText(
        (_NAMESPACE, "max-bytes"),
        type_=aioxmpp.xso.Integer(),
        default=None,
        erroneous_as_absent=True,
        child_policy=aioxmpp.xso.UnknownChildPolicy.DROP,
        attr_policy=aioxmpp.xso.UnknownAttrPolicy.DROP,
    )


@cache
def learn_limits() -> None:
    """Make aioxmpp keep the limits among a stream's features, which it drops; once is enough."""
    known = aioxmpp.nonza.StreamFeatures.features.get_tag_map()
    if _StreamLimits.TAG not in known:  # another library may have come first
        aioxmpp.nonza.StreamFeatures.as_feature_class(_StreamLimits)


def stanza_bytes(features: Any) -> int | None:
    """Return the largest stanza that a server announces, in bytes.

    Parameters
    ----------
    features : aioxmpp.nonza.StreamFeatures or None
        Of the stream in use.
    """
    limits = features.get_feature(_StreamLimits) if features is not None else None
    most = getattr(limits, "max_bytes", None)
    return most if isinstance(most, int) and most > 0 else None
