from __future__ import annotations

import aioxmpp
import pytest

from xavatar.avatar.failures import AvatarMissing, documented
from xavatar.errors import Forbidden, NotFound, QueryError, QueryTimeout


@pytest.mark.parametrize(
    ("error", "aioxmpp_class", "condition"),
    [
        (
            NotFound("a@b", "vCard", condition="item-not-found", error_type="cancel"),
            aioxmpp.XMPPCancelError,
            "item-not-found",
        ),
        (Forbidden("a@b", "vCard", condition="forbidden", error_type="auth"), aioxmpp.XMPPAuthError, "forbidden"),
        (
            QueryError("a@b", "vCard", condition="bad-request", error_type="modify"),
            aioxmpp.XMPPModifyError,
            "bad-request",
        ),
        (
            QueryError("a@b", "vCard", condition="resource-constraint", error_type="wait"),
            aioxmpp.XMPPWaitError,
            "resource-constraint",
        ),
        (QueryError("a@b", "vCard", condition="odd", error_type="odd"), aioxmpp.XMPPCancelError, "undefined-condition"),
        (QueryTimeout("a@b", "vCard", text="no answer"), TimeoutError, "remote-server-timeout"),
        (AvatarMissing("a@b", "vCard", condition="no-photo"), RuntimeError, "undefined-condition"),
    ],
)
def test_an_error_is_ours_and_aioxmpps(error: QueryError, aioxmpp_class: type, condition: str) -> None:
    twin = documented(error)
    assert isinstance(twin, type(error))
    assert isinstance(twin, aioxmpp.XMPPCancelError)
    assert isinstance(twin, aioxmpp_class)
    assert twin.condition.value[1] == condition
    assert twin.condition_obj is not None
    assert twin.TYPE is aioxmpp_class.TYPE if hasattr(aioxmpp_class, "TYPE") else True
    assert str(twin) == str(error)
    assert (twin.jid, twin.step, twin.text, twin.status) == (error.jid, error.step, error.text, error.status)


def test_cause_and_notes_are_kept_and_a_twin_stays_itself() -> None:
    error = NotFound("a@b", "vCard", condition="item-not-found")
    error.__cause__ = KeyError("why")
    error.add_note("the image was withdrawn")
    twin = documented(error)
    assert twin.__cause__ is error.__cause__
    assert twin.__notes__ == ["the image was withdrawn"]
    assert documented(twin) is twin
