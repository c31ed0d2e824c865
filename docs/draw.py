"""Draw the pictures of the architecture page: ``python docs/draw.py`` writes ``docs/_static/*.svg``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

STATIC = Path(__file__).parent / "_static"
INK, FAINT, WINE, PAPER = "#2b2b2b", "#8a8a8a", "#8c2f39", "#ffffff"
FILLS = {"ground": "#f3efe6", "wire": "#f6dfd8", "core": "#e3ecf3", "face": "#e6f0e2", "side": "#f1e7f3"}


def drawing(width: int, height: int, title: str, parts: Iterable[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="14" fill="{INK}"><title>{escape(title)}</title>'
        f'<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0 8 4 0 8z" fill="{INK}"/></marker></defs>'
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>{"".join(parts)}</svg>\n'
    )


def box(
    x: float, y: float, width: float, height: float, name: str, lines: Sequence[str] = (), fill: str = "core"
) -> str:
    middle = x + width / 2
    top = y + height / 2 + 5 - 8.5 * len(lines)
    words = f'<text x="{middle}" y="{top}" text-anchor="middle" font-weight="600">{escape(name)}</text>'
    for number, line in enumerate(lines, 1):
        words += text(middle, top + 17 * number, line)
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="7" fill="{FILLS[fill]}" stroke="{FAINT}"/>{words}'
    )


def text(x: float, y: float, words: str, *, anchor: str = "middle", size: int = 12, color: str = INK) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}" fill="{color}">{escape(words)}</text>'


def arrow(*points: tuple[float, float], color: str = INK, dashed: bool = False) -> str:
    path = " ".join(f"{x},{y}" for x, y in points)
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.5"{dash} marker-end="url(#tip)"/>'


def layers() -> str:
    """Each row may import the rows below it."""
    rows: list[list[tuple[str, str, str]]] = [
        [("cli", "the shell's verbs", "face")],
        [("session", "one line per verb; owns the loop's thread", "face")],
        [
            ("report", "HTML, files", "core"),
            ("widgets", "notebook widgets", "core"),
            ("scale", "Dask over Parquet", "core"),
        ],
        [("audit", "rules, findings, diagnosis, diff", "core")],
        [("store", "SQLite: snapshots, images by content", "core")],
        [("collect", "plan, bounds, retries, breakers → outcomes", "core")],
        [("client", "login, TLS, roster, rooms", "wire"), ("sandbox", "embedded XMPP server", "side")],
        [("avatar", "AvatarService: XEP-0084, 0153, 0398, 0486", "wire")],
        [("wire", "the one seam before aioxmpp's parser", "wire")],
        [("frames", "the columns, df.xavatar", "ground")],
        [("imaging", "Pillow behind limits", "ground"), ("runtime", "event loops", "ground")],
        [("errors", "", "ground"), ("model", "frozen values", "ground"), ("settings", "", "ground")],
    ]
    left, width, height, gap = 40, 600, 46, 10
    parts, y = [], 20.0
    for row in rows:
        each = (width - gap * (len(row) - 1)) / len(row)
        for number, (name, words, fill) in enumerate(row):
            parts.append(box(left + number * (each + gap), y, each, height, name, [words] if words else [], fill))
        y += height + gap
    parts.append(text(652, 20 + 7 * (height + gap) + 22, "the red parts alone", anchor="start", color=WINE))
    parts.append(text(652, 20 + 7 * (height + gap) + 38, "know aioxmpp", anchor="start", color=WINE))
    parts.append(arrow((22, y - 20), (22, 30), color=FAINT))
    return drawing(790, int(y + 14), "The layers: a part imports only what lies below it", parts)


def contact() -> str:
    """Down once, up once."""
    parts = [
        box(20, 20, 170, 56, "you", ["s.roster()"], "face"),
        box(230, 20, 170, 56, "session", ["on its own thread"], "face"),
        box(440, 20, 170, 56, "collect", ["who is asked what"], "core"),
        box(440, 130, 170, 56, "avatar", ["PEP, vCard, presence"], "wire"),
        box(440, 240, 170, 56, "client + wire", ["one stream, one seam"], "wire"),
        box(680, 130, 170, 166, "the contact's server", ["XEP-0084 nodes", "vCard", "presence hash"], "side"),
        box(230, 130, 170, 56, "outcomes", ["per source a status"], "ground"),
        box(230, 240, 170, 56, "imaging", ["hash, type, size"], "ground"),
        box(20, 130, 170, 56, "frames", ["one row per descriptor"], "core"),
        box(20, 240, 170, 56, "store", ["each picture once"], "core"),
        box(20, 350, 170, 56, "audit", ["rules → findings"], "core"),
        box(230, 350, 170, 56, "report, widgets", ["what people see"], "core"),
        arrow((190, 48), (228, 48)),
        arrow((400, 48), (438, 48)),
        arrow((525, 76), (525, 128)),
        arrow((525, 186), (525, 238)),
        arrow((610, 258), (678, 258)),
        arrow((680, 280), (612, 280)),
        arrow((440, 158), (402, 158)),
        arrow((440, 268), (402, 268)),
        arrow((315, 240), (315, 188)),
        arrow((230, 268), (192, 268)),
        arrow((230, 158), (192, 158)),
        arrow((105, 130), (105, 78)),
        arrow((262, 186), (262, 212), (210, 212), (210, 328), (105, 328), (105, 348), dashed=True),
        arrow((190, 378), (228, 378)),
        text(644, 250, "asks", size=11, color=FAINT),
        text(644, 296, "answers", size=11, color=FAINT),
        text(420, 262, "bytes", size=11, color=FAINT),
        text(150, 100, "a DataFrame", size=11, color=FAINT),
        text(116, 322, "a snapshot; needs no connection", anchor="start", size=11, color=FAINT),
    ]
    return drawing(870, 426, "One contact's way through the house", parts)


if __name__ == "__main__":
    (STATIC / "layers.svg").write_text(layers())
    (STATIC / "contact.svg").write_text(contact())
