"""Reading a TOML table strictly: every key is asked for, typed, or refused by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from xavatar.errors import SandboxError

from ._data import Picture
from .xml import parse_fragment

T = TypeVar("T")
PictureSource = Callable[[str], Picture]

_PLACEHOLDER = re.compile(r"\{(\w+):([^{}]+)\}")
_FACTS: dict[str, Callable[[Picture], object]] = {
    "sha1": lambda picture: picture.sha1,
    "SHA1": lambda picture: picture.sha1.upper(),
    "base64": lambda picture: picture.base64,
    "lines64": lambda picture: "\n".join(re.findall(".{1,76}", picture.base64)),
    "bytes": lambda picture: len(picture.content),
    "type": lambda picture: picture.mime,
    "width": lambda picture: picture.width,
    "height": lambda picture: picture.height,
}


class Table:
    """A table of a scenario's file, with the words that name it in an error.

    Parameters
    ----------
    content : mapping
        As ``tomllib`` gives it.
    where : str
        File and entry, for messages.
    pictures : callable
        Gives the picture of a name.
    """

    def __init__(self, content: Mapping[str, Any], where: str, pictures: PictureSource) -> None:
        self._rest = dict(content)
        self.where = where
        self._pictures = pictures

    def error(self, message: str) -> SandboxError:
        """Return an error that names this table."""
        return SandboxError(f"{self.where}: {message}")

    def take(self, key: str, kind: type[T], default: T) -> T:
        """Return the value of a key, which must be of the kind given."""
        value = self._rest.pop(key, default)
        if value is default:
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind not in (bool, object)):
            raise self.error(f"`{key}` must be {kind.__name__}, not {value!r}.")
        return value

    def need(self, key: str) -> str:
        """Return the text of a key that must be there."""
        value = self.take(key, str, "")
        if not value:
            raise self.error(f"`{key}` is missing.")
        return value

    def optional(self, key: str) -> str | None:
        """Return the text of a key, ``None`` where it is absent."""
        return self.take(key, str, "") if key in self._rest else None

    def number(self, key: str, default: float = 0.0) -> float:
        """Return a number, whole or not."""
        value = self._rest.pop(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(f"`{key}` must be a number, not {value!r}.")
        return float(value)

    def choice(self, key: str, default: str, choices: tuple[str, ...]) -> str:
        """Return the text of a key, which must be one of the choices."""
        value = self.take(key, str, default)
        if value not in choices:
            raise self.error(f"`{key}` must be one of {', '.join(choices)}, not {value!r}.")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; a single text stands for a list of one."""
        value = self._rest.pop(key, [])
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
            raise self.error(f"`{key}` must be a text or a list of texts, not {value!r}.")
        return tuple(values)

    def mapping(self, key: str) -> dict[str, Any]:
        """Return an inner table as it is."""
        return self.take(key, dict, {})

    def tables(self, key: str) -> tuple[Table, ...]:
        """Return the inner tables of a key."""
        values = self.take(key, list, [])
        if not all(isinstance(each, dict) for each in values):
            raise self.error(f"`{key}` must be a list of tables.")
        wheres = (f"{self.where}, {key} {count}" for count in range(1, len(values) + 1))
        return tuple(Table(each, where, self._pictures) for each, where in zip(values, wheres, strict=False))

    def picture(self, name: str) -> Picture:
        """Return the picture of that name."""
        try:
            return self._pictures(name)
        except SandboxError as error:
            raise self.error(str(error)) from error

    def filled(self, text: str) -> str:
        """Put the facts of pictures where a text says ``{sha1:romeo.png}`` or the like."""

        def fact(match: re.Match[str]) -> str:
            if match[1] not in _FACTS:
                raise self.error(f"{match[0]!r} is none of {', '.join(_FACTS)}.")
            return str(_FACTS[match[1]](self.picture(match[2])))

        return _PLACEHOLDER.sub(fact, text)

    def xml(self, text: str) -> str:
        """Fill a piece of XML and see that the stream will survive it."""
        filled = self.filled(text).strip()
        try:
            parse_fragment(filled)
        except ValueError as error:
            raise self.error(f"{error}: {filled[:200]}") from error
        return filled

    def done(self) -> None:
        """Refuse what nobody asked for."""
        if self._rest:
            raise self.error(f"unknown key {', '.join(f'`{key}`' for key in self._rest)}.")
