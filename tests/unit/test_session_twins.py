"""The two sessions say the same, and the package's face is complete."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import xavatar
from xavatar.session import AsyncSession, Session, connect

MADE_OTHERWISE = {"open", "around"}


def public(kind: type) -> dict[str, object]:
    return {name: inspect.getattr_static(kind, name) for name in dir(kind) if not name.startswith("_")}


def test_the_blocking_session_has_every_verb() -> None:
    ours, twins = public(Session), public(AsyncSession)
    attributes = {"settings"}  # of instances; `sandbox` and `last` are properties of the blocking one
    assert set(twins) - MADE_OTHERWISE <= set(ours)
    assert set(ours) - set(twins) - attributes == {"sandbox", "last"}


@pytest.mark.parametrize("name", sorted(set(public(AsyncSession)) - MADE_OTHERWISE))
def test_verbs_have_one_signature(name: str) -> None:
    ours, twin = inspect.getattr_static(Session, name), inspect.getattr_static(AsyncSession, name)
    if isinstance(twin, property):
        assert isinstance(ours, property)
        assert ours.__doc__ == twin.__doc__
        return
    assert inspect.signature(ours) == inspect.signature(twin)
    first = inspect.getdoc(ours).split(";")[0].split(",")[0].split("\n")[0].rstrip(".")
    assert first.split()[0] == inspect.getdoc(twin).split()[0]


def test_connect_takes_what_a_session_takes() -> None:
    wanted = dict(inspect.signature(AsyncSession).parameters)
    assert dict(inspect.signature(connect).parameters) == wanted


def test_every_public_name_is_there() -> None:
    for name in xavatar.__all__:
        assert getattr(xavatar, name) is not None, name
    assert list(xavatar.__all__) == sorted(xavatar.__all__)


def test_importing_does_nothing() -> None:
    check = (
        "import sys, threading, warnings; warnings.simplefilter('error'); import xavatar; "
        "assert threading.active_count() == 1; "
        "heavy = {'pandas', 'aioxmpp', 'PIL', 'ipywidgets'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", check], check=True, timeout=30)
