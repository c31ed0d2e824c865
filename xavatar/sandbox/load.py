"""Read scenarios: from the package by name, or from anyone's own TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from xavatar.errors import SandboxError

from . import _people
from ._crowd import crowd
from ._data import data_dir, picture
from ._table import Table
from .scenario import Account, Options, Room, Scenario

_OPTIONS = ("conversion", "injection", "push_on_presence", "forbid_unknown", "stream_management", "uploads")


def names() -> tuple[str, ...]:
    """Return the names of the package's scenarios, sorted."""
    return tuple(sorted(path.stem for path in (data_dir() / "scenarios").glob("*.toml")))


def load(name_or_path: str | Path) -> Scenario:
    """Read a scenario and see that a server can play it.

    Parameters
    ----------
    name_or_path : str or Path
        One of :func:`names`, or a TOML file of one's own.

    Raises
    ------
    SandboxError
        No such scenario, or one that cannot be used; the message names file and entry.
    """
    path = _find(name_or_path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SandboxError(f"The scenario {path} cannot be read: {error}") from error
    return _scenario(content, path)


def planted(scenario: Scenario) -> tuple[tuple[str, str], ...]:
    """Return what a scenario shows on purpose: pairs of a JID and the id of a rule or an anomaly.

    Occupants appear by the full JID ``room@service/nick``.
    """
    return tuple(_planted(scenario))


def _planted(scenario: Scenario) -> Iterator[tuple[str, str]]:
    for account in scenario.accounts:
        yield from ((account.jid, each) for each in account.plants)
    for room in scenario.rooms:
        yield from ((room.jid, each) for each in room.plants)
        for occupant in room.occupants:
            yield from ((f"{room.jid}/{occupant.nick}", each) for each in occupant.plants)


def _find(name_or_path: str | Path) -> Path:
    if isinstance(name_or_path, str) and name_or_path in names():
        return data_dir() / "scenarios" / f"{name_or_path}.toml"
    path = Path(name_or_path)
    if path.suffix == ".toml" and path.is_file():
        return path
    raise SandboxError(f"There is no scenario {str(name_or_path)!r}; take {', '.join(names())} or a .toml file.")


def _scenario(content: dict[str, Any], path: Path) -> Scenario:
    table = Table(content, path.name, picture)
    user = replace(_people.account(_only(table, "user", path)), subscription=None)
    contacts = tuple(_people.account(each) for each in table.tables("contact"))
    crowded = tuple(crowd(_only(table, "crowd", path))) if "crowd" in content else ()
    scenario = Scenario(
        name=path.stem,
        domain=table.need("domain"),
        user=user.jid,
        accounts=(user, *contacts, *crowded),
        rooms=tuple(_people.room(each) for each in table.tables("room")),
        rooms_domain=table.take("rooms-domain", str, ""),
        title=table.take("title", str, ""),
        description=table.take("description", str, "").strip(),
        options=_options(_only(table, "options", path)),
    )
    table.done()
    _check(scenario, table)
    return scenario


def _only(table: Table, key: str, path: Path) -> Table:
    return Table(table.mapping(key), f"{path.name}, {key}", picture)


def _options(table: Table) -> Options:
    options = Options(**{name: table.take(name.replace("_", "-"), bool, True) for name in _OPTIONS})
    table.done()
    return options


def _check(scenario: Scenario, table: Table) -> None:
    known: dict[str, Account | Room] = {}
    entries: tuple[Account | Room, ...] = (*scenario.accounts, *scenario.rooms)
    for each in entries:
        if each.jid in known:
            raise table.error(f"{each.jid} is there twice.")
        known[each.jid] = each
    for account in scenario.accounts:
        if account.password and not account.jid.endswith(f"@{scenario.domain}"):
            raise table.error(f"{account.jid} has a password, but only accounts at {scenario.domain} can log in.")
    if not scenario.account(scenario.user).password:
        raise table.error(f"the user {scenario.user} needs a password.")
    for room in scenario.rooms:
        _check_room(room, scenario, known, table)


def _check_room(room: Room, scenario: Scenario, known: dict[str, Account | Room], table: Table) -> None:
    if not scenario.rooms_domain or not room.jid.endswith(f"@{scenario.rooms_domain}"):
        raise table.error(f"{room.jid} must lie at `rooms-domain`, {scenario.rooms_domain!r}.")
    nicks = [occupant.nick for occupant in room.occupants]
    for nick in nicks:
        if nicks.count(nick) > 1:
            raise table.error(f"{room.jid} has two occupants called {nick!r}.")
    for jid in (*(occupant.jid for occupant in room.occupants), *([room.owner] if room.owner else [])):
        if not isinstance(known.get(jid), Account):
            raise table.error(f"{room.jid}: {jid} is no account of this scenario.")
