"""The audit as JUnit XML: every subject a test case, for servers that show test results over time."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from xavatar.audit import Audit, writer
from xavatar.audit.case import UNREACHED, Case
from xavatar.audit.text import clean
from xavatar.model import Finding, Severity

# What XML 1.0 cannot carry at all, not even as a reference.
_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@writer(".xml")
def write_junit(audit: Audit, path: Path) -> None:
    """Write one test suite: a subject with an error is a failure, one that gave no answer is skipped.

    Notes
    -----
    Warnings and notes do not fail a case, they are its ``system-out``; raise a rule with
    ``severities`` to make it fail.
    """
    tree = ElementTree(junit(audit))
    indent(tree)
    tree.write(path, encoding="utf-8", xml_declaration=True)


def junit(audit: Audit) -> Element:
    """Return the ``<testsuites/>`` element."""
    suites = Element("testsuites", name="xavatar")
    suite = SubElement(
        suites,
        "testsuite",
        name=_text(f"avatars of {audit.snapshot.scope}"),
        timestamp=f"{audit.snapshot.taken_at:%Y-%m-%dT%H:%M:%S}",
    )
    for case in audit.cases:
        _case(suite, case, audit)
    for name in ("failure", "skipped"):
        counted = sum(each.find(name) is not None for each in suite)
        suite.set("failures" if name == "failure" else name, str(counted))
    suite.set("tests", str(len(suite)))
    suite.set("errors", "0")
    return suites


def _case(suite: Element, case: Case, audit: Audit) -> None:
    seconds = sum(outcome.elapsed_ms or 0.0 for outcome in case.outcomes) / 1000
    test = SubElement(
        suite, "testcase", name=_text(case.subject.jid), classname=_text(case.place), time=f"{seconds:.3f}"
    )
    found = audit.about(case.subject.jid)
    failed = [finding for finding in found if finding.severity is Severity.ERROR]
    if failed:
        rules = ", ".join(dict.fromkeys(finding.rule for finding in failed))
        failure = SubElement(
            test, "failure", type=_text(failed[0].rule), message=_text(f"{rules}: {failed[0].message}")
        )
        failure.text = _told(failed)
    elif silent := _unreached(case):
        SubElement(test, "skipped", message=_text(silent))
    rest = [finding for finding in found if finding not in failed]
    if rest:
        SubElement(test, "system-out").text = _told(rest)


def _unreached(case: Case) -> str | None:
    """Return why nothing can be said of somebody who gave no answer at all."""
    asked = [outcome for outcome in (case.pep, case.vcard) if outcome is not None]
    if not asked or any(outcome.status not in UNREACHED for outcome in asked):
        return None
    return f"no answer: {asked[0].condition or asked[0].status}"


def _told(findings: list[Finding]) -> str:
    return _text("\n".join(f"{each.rule} ({each.severity}): {each.message} {each.advice}" for each in findings))


def _text(value: str) -> str:
    return _FORBIDDEN.sub("\ufffd", "\n".join(clean(line) for line in value.split("\n")))
