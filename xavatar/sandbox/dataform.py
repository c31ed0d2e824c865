"""Data forms (XEP-0004) as plain mappings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import Element

from . import ns
from .xml import children, escape


def read_form(parent: Element) -> dict[str, list[str]]:
    """Read the fields of the form inside an element; without a form, none."""
    form = parent if parent.tag == f"{{{ns.DATA_FORM}}}x" else next(children(parent, ns.DATA_FORM, "x"), None)
    if form is None:
        return {}
    return {
        variable: [value.text or "" for value in children(field, ns.DATA_FORM, "value")]
        for field in children(form, ns.DATA_FORM, "field")
        if (variable := field.get("var"))
    }


def write_form(form_type: str, kind: str, fields: Mapping[str, Iterable[str]]) -> str:
    """Write a form of the given FORM_TYPE; `kind` is form, submit or result."""
    body = "".join(
        f"<field var='{escape(variable)}'{_hint(variable, kind)}>"
        + "".join(f"<value>{escape(value)}</value>" for value in values)
        + "</field>"
        for variable, values in fields.items()
    )
    hidden = f"<field var='FORM_TYPE' type='hidden'><value>{escape(form_type)}</value></field>"
    return f"<x xmlns='{ns.DATA_FORM}' type='{kind}'>{hidden}{body}</x>"


def _hint(variable: str, kind: str) -> str:
    if kind != "form":
        return ""
    booleans = ("persist_items", "notify_retract")
    if variable.endswith(booleans):
        return " type='boolean'"
    return " type='text-multi'" if variable.endswith("roster_groups_allowed") else " type='text-single'"
