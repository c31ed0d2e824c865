"""The doctor, asked about accounts on real servers."""

from __future__ import annotations

import json

import pytest

from tests.cli_support import invoke
from tests.servers import RunningServer


def account(server: RunningServer) -> dict[str, dict[str, str]]:
    user, password = next(iter(server.accounts.items()))
    where = ["--host", server.host, "--port", str(server.port), "--ca-file", str(server.ca_file)]
    result = invoke(["doctor", f"{user}@{server.domain}", *where, "--json"], env={"XAVATAR_PASSWORD": password})
    assert result.exit_code == 0, result.output
    assert password not in result.output
    return {check["name"]: check for check in json.loads(result.stdout)["checks"] if check["area"] == "Account"}


@pytest.mark.parametrize("kind", ["prosody", "ejabberd"])
def test_what_an_account_can_do(request: pytest.FixtureRequest, kind: str) -> None:
    told = account(request.getfixturevalue(kind))
    assert {name for name in ("TLS", "login", "PEP", "publish-options", "vCard", "XEP-0398", "upload", "rooms")
            if told[name]["state"] != "fine"} == set()  # fmt: skip
    assert kind in told["server"]["told"].lower()


def test_a_server_that_does_not_convert(prosody_plain: RunningServer) -> None:
    told = account(prosody_plain)
    assert told["XEP-0398"]["state"] == "note"
    assert "does not convert" in told["XEP-0398"]["told"]
