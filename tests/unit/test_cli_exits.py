"""How commands end: codes, and one line per error."""

from __future__ import annotations

import pytest
import typer

from xavatar.cli.exits import Exit, code_of, guarded, line_of
from xavatar.errors import (
    AuthError,
    ConfigError,
    ConnectTimeout,
    Forbidden,
    MissingExtra,
    Refused,
    SandboxError,
    SessionClosed,
    StoreError,
    TLSError,
    UnknownHost,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("x"), Exit.USAGE),
        (MissingExtra("x"), Exit.USAGE),
        (SandboxError("x"), Exit.USAGE),
        (PermissionError(13, "Permission denied", "/report.html"), Exit.USAGE),
        (UnknownHost("x"), Exit.CONNECTION),
        (Refused("x"), Exit.CONNECTION),
        (TLSError("x"), Exit.CONNECTION),
        (ConnectTimeout("x"), Exit.CONNECTION),
        (AuthError("x"), Exit.CONNECTION),
        (Forbidden("a@b", "roster"), Exit.CONNECTION),
        (SessionClosed("x"), Exit.INCOMPLETE),
        (KeyboardInterrupt(), Exit.INCOMPLETE),
        (StoreError("x"), Exit.USAGE),
        (ZeroDivisionError("x"), Exit.INTERNAL),
    ],
)
def test_each_kind_of_error_has_its_code(error: BaseException, code: Exit, capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of(error) is code
    with pytest.raises(typer.Exit) as ended, guarded():
        raise error
    assert ended.value.exit_code == code
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("xavatar: ")
    assert told.err.count("\n") == 1


def test_a_traceback_comes_only_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit), guarded(debug=True):
        raise ConfigError("odd")
    assert "Traceback" in capsys.readouterr().err


def test_an_exit_of_ones_own_passes() -> None:
    with pytest.raises(typer.Exit) as ended, guarded():
        raise typer.Exit(Exit.FINDINGS)
    assert ended.value.exit_code == 1


def test_an_error_is_one_harmless_line() -> None:
    line = line_of(ConfigError("two\nlines \x9b31m"), Exit.USAGE)
    assert line == "two lines \ufffd31m"
    assert "KeyError" in line_of(KeyError("a"), Exit.INTERNAL)
