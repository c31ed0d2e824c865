"""Pages made from the code itself, so that they cannot tell anything else than it does."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

LEVELS = {"MUST": "a MUST", "SHOULD": "a SHOULD", "info": "no requirement"}
XEP = re.compile(r"XEP-(\d{4})")


def setup(app: Any) -> dict[str, bool]:
    app.connect("builder-inited", write_pages)
    app.setup_extension("sphinx.ext.autodoc")  # whose event the next is
    app.connect("autodoc-process-signature", say_which)
    return {"parallel_read_safe": True}


def say_which(
    app: Any, what: str, name: str, obj: Any, options: Any, signature: str | None, returned: str | None
) -> tuple[str | None, str | None] | None:
    """Name the module of the widget that a session makes: two classes are called Publisher.

    The session imports widgets when they are wanted, so that Sphinx cannot look the name up.
    """
    if returned == "Publisher" and name.startswith(("xavatar.Session.", "xavatar.AsyncSession.")):
        return signature, "~xavatar.widgets.Publisher"
    return None


def write_pages(app: Any) -> None:
    docs = Path(app.srcdir)
    for name, lines in {"rules": rules(), "frame": frame(), "cli": cli()}.items():
        _write(docs / "_generated" / f"{name}.md", "\n".join(lines) + "\n")
    lessons = {path.name: path.read_text() for path in sorted((docs.parent / "notebooks").glob("*.ipynb"))}
    for old in (docs / "lessons").glob("*.ipynb"):
        if old.name not in lessons:
            old.unlink()
    for name, text in lessons.items():
        _write(docs / "lessons" / name, text)


def _write(path: Path, text: str) -> None:
    """Write only what changed: Sphinx reads by the files' times."""
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def rules() -> Iterator[str]:
    from xavatar.audit import RULES

    everyone = sorted(RULES.values(), key=lambda rule: (_home(rule.id), rule.id))
    for home, group in groupby(everyone, key=lambda rule: _home(rule.id)):
        members = list(group)
        yield f"\n## {home}\n"
        yield from _table(
            ("Rule", "Severity", "Breach"),
            ((f"[{each.id}](#rule-{each.id.lower()})", each.severity.value, each.title) for each in members),
        )
        for each in members:
            yield f"\n(rule-{each.id.lower()})=\n### {each.id}: {_plain(each.title)}\n"
            where = _linked(each.reference) if each.xep else "Field experience"
            facts = [f"**{each.severity.value}**", f"{where} ({LEVELS[each.level.value]})"]
            facts += [f"also {', '.join(each.also)}"] if each.also else []
            yield f":::{{container}} rule-facts\n{' · '.join(facts)}\n:::\n"
            yield f"{_plain(each.why)}\n\nWhat to do\n: {_plain(each.advice)}\n\nHow it is seen\n: {_plain(each.how)}\n"


def _home(id: str) -> str:
    number = re.match(r"P(\d+)-", id)
    return f"XEP-{int(number[1]):04}" if number else "Seen in the field"


def frame() -> Iterator[str]:
    from xavatar.frames import COLUMNS
    from xavatar.frames.people import PEOPLE, Verdict
    from xavatar.model import Status

    for group, columns in groupby(COLUMNS, key=lambda column: column.group):
        yield f"\n## {group.capitalize()}\n"
        yield from _table(
            ("Column", "dtype", "Meaning"), ((f"`{each.name}`", f"`{each.dtype}`", each.doc) for each in columns)
        )
    yield "\n(status)=\n## Status: how a source answered\n"
    yield from _table(("Status", "Meaning"), ((f"`{each.value}`", text) for each, text in _members(Status)))
    yield "\n(verdict)=\n## People: one row per subject\n"
    yield "`df.xavatar.people()` folds the frame to these columns; those named after a source hold its status.\n"
    yield from _table(("Column", "dtype"), ((f"`{name}`", f"`{dtype}`") for name, dtype in PEOPLE.items()))
    yield "\n`verdict` is one of\n"
    yield from _table(("Verdict", "Meaning"), ((f"`{each.value}`", text) for each, text in _members(Verdict)))


def _members(enum: Any) -> Iterator[tuple[Any, str]]:
    """Yield each member with the string written below it, which Python itself forgets."""
    from sphinx.pycode import ModuleAnalyzer

    told = ModuleAnalyzer.for_module(enum.__module__).find_attr_docs()
    for member in enum:
        words = " ".join(told.get((enum.__name__, member.name), ())).strip()
        yield member, words.replace("``", "`") or "As the word says."


def cli() -> Iterator[str]:
    import typer

    import xavatar.cli
    from xavatar.cli.app import app
    from xavatar.cli.exits import Exit

    for module in pkgutil.iter_modules(xavatar.cli.__path__):
        importlib.import_module(f"xavatar.cli.{module.name}")
    group: Any = typer.main.get_command(app)
    for name, command in sorted(group.commands.items()):
        arguments = [each for each in command.params if each.param_type_name == "argument"]
        options = [each for each in command.params if each.param_type_name == "option" and not each.hidden]
        usage = " ".join(each.name.upper() if each.required else f"[{each.name.upper()}]" for each in arguments)
        yield f"\n(cli-{name})=\n## xavatar {name}\n\n{_escaped(command.help)}\n"
        yield f"```text\nxavatar {name} {usage}{' ' if usage else ''}[OPTIONS]\n```\n"
        yield from _table(
            ("Argument or option", "Meaning"), ((_spelled(each), _meaning(each)) for each in [*arguments, *options])
        )
    yield "\n(exit-codes)=\n## Exit codes\n"
    yield from _table(
        ("Code", "Name", "Meaning"), ((each.value, each.name.lower(), text) for each, text in _codes(Exit))
    )


def _codes(codes: Any) -> Iterator[tuple[Any, str]]:
    for code, text in _members(codes):
        yield code, "All went well, and nothing was found to fail for." if code == 0 else text


def _spelled(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.name.upper()}`"
    names = ", ".join(f"`{each}`" for each in [*parameter.opts, *parameter.secondary_opts])
    takes = "" if getattr(parameter, "is_flag", False) else f" `{parameter.metavar or parameter.name.upper()}`"
    return names + takes


def _meaning(parameter: Any) -> str:
    default = parameter.default
    value = getattr(default, "value", default)
    shown = value is not None and not callable(value) and value not in (False, ()) and not parameter.required
    told = f" Default: `{value}`." if shown and value is not True else ""
    return f"{_escaped(parameter.help or '')}{told}"


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    names = list(head)
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


def _plain(text: str) -> str:
    """Escape what Markdown would take for markup: `<info/>` is a word here."""
    return re.sub(r"([<*_\[])", r"\\\1", " ".join(text.split()))


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("<", "\\<").replace("*", "\\*").replace("--", "\\--")


def _linked(reference: str) -> str:
    return XEP.sub(lambda match: f"[{match[0]}](https://xmpp.org/extensions/xep-{match[1]}.html)", reference)
