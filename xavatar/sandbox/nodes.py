"""PEP nodes as the server keeps them: items and configuration (XEP-0060, 16.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from .scenario import Item, Node
from .stanza import StanzaError
from .xml import escape

ACCESS_MODELS = ("open", "presence", "roster", "whitelist")
AFFILIATIONS = ("none", "member", "publisher", "outcast")
MAX_ITEMS = 256
CONFIG_FORM = "http://jabber.org/protocol/pubsub#node_config"


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """A node's configuration; the defaults are those of PEP (XEP-0163, 3)."""

    access_model: str = "presence"
    max_items: int = 1
    persist_items: bool = True
    notify_retract: bool = True
    send_last_published_item: str = "on_sub_and_presence"
    title: str = ""
    roster_groups_allowed: tuple[str, ...] = ()

    def fields(self) -> dict[str, list[str]]:
        """Lay the configuration out as form fields."""
        return {f"pubsub#{name}": field.write(getattr(self, name)) for name, field in _FIELDS.items()}

    def updated(self, form: Mapping[str, list[str]]) -> NodeConfig:
        """Apply the fields of a form; unknown ones are passed over.

        Raises
        ------
        StanzaError
            ``not-acceptable`` for a value the field cannot take.
        """
        changes: dict[str, Any] = {}
        for variable, values in form.items():
            known = _FIELDS.get(variable.removeprefix("pubsub#"))
            if known is None:
                continue
            try:
                changes[variable.removeprefix("pubsub#")] = known.read(values)
            except (ValueError, LookupError):
                raise StanzaError("not-acceptable", text=f"{variable} cannot be {', '.join(values)!r}.") from None
        return replace(self, **changes)


class _Field(NamedTuple):
    read: Callable[[list[str]], Any]
    write: Callable[[Any], list[str]]


_BOOLEANS = {"1": True, "true": True, "0": False, "false": False}


def _boolean(values: list[str]) -> bool:
    return _BOOLEANS[values[0].strip()]


def _one_of(*choices: str) -> Callable[[list[str]], str]:
    def read(values: list[str]) -> str:
        if values[0] not in choices:
            raise ValueError(values[0])
        return values[0]

    return read


def _count(values: list[str]) -> int:
    number = MAX_ITEMS if values[0] == "max" else int(values[0])
    if not 1 <= number <= MAX_ITEMS:
        raise ValueError(values[0])
    return number


def _flag(value: bool) -> list[str]:
    return ["true" if value else "false"]


_FIELDS: dict[str, _Field] = {
    "access_model": _Field(_one_of(*ACCESS_MODELS), lambda value: [value]),
    "max_items": _Field(_count, lambda value: [str(value)]),
    "persist_items": _Field(_boolean, _flag),
    "notify_retract": _Field(_boolean, _flag),
    "send_last_published_item": _Field(_one_of("never", "on_sub", "on_sub_and_presence"), lambda value: [value]),
    "title": _Field(lambda values: values[0], lambda value: [value]),
    "roster_groups_allowed": _Field(tuple, list),
}


@dataclass(slots=True, eq=False)
class PepNode:
    """A node with its items, oldest first."""

    name: str
    config: NodeConfig = field(default_factory=NodeConfig)
    items: dict[str, Item] = field(default_factory=dict)
    subscribers: dict[str, str] = field(default_factory=dict)
    affiliations: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, node: Node) -> PepNode:
        """Make the live node of a scenario's node.

        Every item of the scenario is kept, though `max_items` were lower: it may play a
        server that piles them up (A-10).
        """
        config = NodeConfig(access_model=node.access_model, max_items=node.max_items)
        return cls(node.name, config, {item.id: item for item in node.items})

    @property
    def last(self) -> Item | None:
        """The newest item."""
        return next(reversed(self.items.values()), None)

    def store(self, item: Item) -> None:
        """Keep an item as the newest, and no more than `max_items` of them."""
        self.items.pop(item.id, None)
        if not self.config.persist_items:
            return
        self.items[item.id] = item
        self.trim()

    def trim(self) -> None:
        """Drop the oldest items beyond `max_items`."""
        for identity in list(self.items)[: max(0, len(self.items) - self.config.max_items)]:
            del self.items[identity]

    def newest(self, limit: int | None = None) -> list[Item]:
        """Return up to `limit` items, newest first."""
        return list(reversed(self.items.values()))[:limit]


def render_items(items: Iterable[Item]) -> str:
    """Write items with their payloads verbatim."""
    return "".join(
        f"<item id='{escape(item.id)}'>{item.payload}</item>" if item.payload else f"<item id='{escape(item.id)}'/>"
        for item in items
    )
