"""Breaches only the reader of the raw XML can see; they come in `Outcome.problems`."""

from __future__ import annotations

from xavatar.model import Severity

from .registry import Level, seen_on_the_wire

_CLIENT = "Report this to the authors of the client, or of the server, that wrote it."

seen_on_the_wire(
    "P84-05",
    "Line breaks in the base64",
    xep="XEP-0084",
    section="4.1",
    level=Level.SHOULD,
    severity=Severity.INFO,
    why="Allowed to read, not to be written; it makes the stanza larger.",
    advice=_CLIENT,
)
seen_on_the_wire(
    "P84-06",
    "Attributes on <data/>",
    xep="XEP-0084",
    section="4.1",
    why="Strict readers refuse the picture.",
    advice=_CLIENT,
)
seen_on_the_wire(
    "P84-15",
    "<info/> is not empty",
    xep="XEP-0084",
    section="4.2.1",
    why="Strict readers refuse the whole metadata.",
    advice=_CLIENT,
)
seen_on_the_wire(
    "P84-16",
    "Misplaced or malformed <pointer/>",
    xep="XEP-0084",
    section="4.2.2",
    why="A pointer needs an <info/> before it, for those who cannot follow it.",
    advice=_CLIENT,
)
seen_on_the_wire(
    "P84-17",
    "Avatar stopped with the withdrawn <stop/>",
    xep="XEP-0084",
    section="3.5",
    level=Level.INFO,
    severity=Severity.INFO,
    why="Today's clients expect an empty <metadata/> and may keep showing the picture.",
    advice="Publish an empty <metadata/>.",
)
seen_on_the_wire(
    "P84-18",
    "Foreign elements in the metadata",
    xep="XEP-0084",
    section="4.2",
    why="Strict readers refuse the whole metadata.",
    advice=_CLIENT,
)
seen_on_the_wire(
    "A-29",
    "Several update elements in one presence",
    xep="XEP-0153",
    section="4.1.1",
    why="Readers take the first or the last: what others see is a matter of their client.",
    advice="Log the client in again; it, or the server, adds the element without removing the old one.",
)
seen_on_the_wire(
    "P292-01",
    "Picture in a vCard4",
    xep="XEP-0292",
    section="3",
    level=Level.INFO,
    severity=Severity.INFO,
    why="A third place hardly any client reads, and one more to fall out of step.",
    advice="Publish in PEP (XEP-0084) and remove the vCard4's photo.",
)
seen_on_the_wire(
    "P84-25",
    "Node and list of nodes disagree",
    xep="XEP-0084",
    section="6.1",
    severity=Severity.INFO,
    why="Clients that look at disco#items before they ask find no avatar, or ask for one they may not have.",
    advice="Report this to those who run the server: disco#items must list what the asking account may read.",
)
seen_on_the_wire(
    "A-14",
    "Nodes are not as open as publishing wants them",
    xep="XEP-0060",
    section="7.1.5",
    level=Level.INFO,
    severity=Severity.INFO,
    why="Publishing openly fails with precondition-not-met, and people in rooms get a hash without its image.",
    advice="Configure both avatar nodes alike, and open if strangers and rooms shall see the picture.",
    also=("P60-03",),
)
seen_on_the_wire(
    "P398-04",
    "Server leaves a presence without the hash",
    xep="XEP-0398",
    section="4",
    why="Whoever goes by presence sees no picture while this client is the one online.",
    advice="Report this to those who run the server: it converts, and so must put the hash into every presence.",
)
