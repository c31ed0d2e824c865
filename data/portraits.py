"""The cast's flat portraits: a few shapes in colours, drawn large and scaled down."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageColor, ImageDraw

GRID = 100  # all coordinates below are in hundredths of the picture's side
SCALE = 8  # drawn at GRID * SCALE pixels, then reduced

INK = "#3b2a2a"
FAIR, ROSY, TAN, OLIVE, BROWN, DEEP = "#f6d7bd", "#f2c6a8", "#e2ac84", "#c98f66", "#9c6644", "#74472f"
Point = tuple[float, float]


@dataclass(frozen=True)
class Look:
    """What somebody looks like."""

    back: str
    skin: str
    hair: str
    style: str = "short"  # short crop long curls bun bald tonsure braid bob wild
    cloth: str = "#7a3b4b"
    trim: str = "#f3e6c8"
    collar: str = "round"  # round vee ruff lace plate cowl
    hat: str = ""  # cap beret feather crown veil coif hood hennin wreath
    hat_color: str = "#7a3b4b"
    beard: str = ""  # full goatee moustache
    mood: str = "calm"  # calm merry cross sad asleep
    extra: str = ""  # flower mask scar earring glasses freckles


class Board:
    """A drawing board in grid units."""

    def __init__(self, back: str) -> None:
        side = GRID * SCALE
        self.image = Image.new("RGB", (side, side), back)
        self.pen = ImageDraw.Draw(self.image)

    def oval(self, x: float, y: float, rx: float, ry: float, color: str) -> None:
        self.pen.ellipse([(x - rx) * SCALE, (y - ry) * SCALE, (x + rx) * SCALE, (y + ry) * SCALE], fill=color)

    def slice(self, x: float, y: float, rx: float, ry: float, span: tuple[float, float], color: str) -> None:
        box = [(x - rx) * SCALE, (y - ry) * SCALE, (x + rx) * SCALE, (y + ry) * SCALE]
        self.pen.chord(box, span[0], span[1], fill=color)

    def shape(self, points: list[Point], color: str) -> None:
        self.pen.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=color)

    def block(self, x0: float, y0: float, x1: float, y1: float, radius: float, color: str) -> None:
        box = [x0 * SCALE, y0 * SCALE, x1 * SCALE, y1 * SCALE]
        self.pen.rounded_rectangle(box, radius=radius * SCALE, fill=color)

    def bow(
        self, x: float, y: float, rx: float, ry: float, span: tuple[float, float], color: str, width: float
    ) -> None:
        box = [(x - rx) * SCALE, (y - ry) * SCALE, (x + rx) * SCALE, (y + ry) * SCALE]
        self.pen.arc(box, span[0], span[1], fill=color, width=round(width * SCALE))

    def line(self, points: list[Point], color: str, width: float) -> None:
        self.pen.line(
            [(x * SCALE, y * SCALE) for x, y in points], fill=color, width=round(width * SCALE), joint="curve"
        )

    def reduced(self, side: int) -> Image.Image:
        return self.image.resize((side, side), Image.Resampling.LANCZOS)


def tint(color: str, amount: float) -> str:
    """Lighter for a positive amount, darker for a negative one."""
    goal = 255 if amount > 0 else 0
    parts = (round(part + (goal - part) * abs(amount)) for part in ImageColor.getrgb(color)[:3])
    return "#" + "".join(f"{part:02x}" for part in parts)


def portrait(look: Look, side: int) -> Image.Image:
    """Draw a portrait of the given side in pixels."""
    board = Board(look.back)
    board.oval(50, 46, 42, 42, tint(look.back, 0.22))
    _hair_behind(board, look)
    _clothes(board, look)
    _head(board, look)
    _hair_before(board, look)
    _hat(board, look)
    _face(board, look)
    return board.reduced(side)


def _hair_behind(board: Board, look: Look) -> None:
    hair, shade = look.hair, tint(look.hair, -0.18)
    match look.style:
        case "long":
            board.block(24, 26, 76, 84, 22, shade)
        case "bob":
            board.block(25, 24, 75, 62, 20, shade)
        case "braid":
            board.oval(50, 38, 26, 24, shade)
            for step in range(5):
                board.oval(75 - step, 50 + step * 8, 6.2 - step * 0.3, 5.6, hair if step % 2 else shade)
        case "curls":
            for x, y in ((26, 34), (24, 46), (27, 57), (74, 34), (76, 46), (73, 57)):
                board.oval(x, y, 8.5, 8.5, shade)
        case "wild":
            for x in range(20, 84, 10):
                board.shape([(50, 44), (x - 3, 18 + abs(x - 50) * 0.55), (x + 7, 20 + abs(x - 46) * 0.55)], shade)
            board.oval(50, 38, 26, 24, shade)
        case "bun":
            board.oval(50, 13, 10.5, 9.5, hair)
            board.bow(50, 14, 7, 6, (20, 150), shade, 1)


def _clothes(board: Board, look: Look) -> None:
    cloth, dark, trim = look.cloth, tint(look.cloth, -0.2), look.trim
    board.block(42, 58, 58, 80, 6, tint(look.skin, -0.13))
    board.block(14, 76, 86, 130, 22, cloth)
    board.shape([(14, 100), (14, 92), (24, 84), (26, 100)], dark)
    board.shape([(86, 100), (86, 92), (76, 84), (74, 100)], dark)
    match look.collar:
        case "round":
            board.oval(50, 76, 13, 7, trim)
            board.oval(50, 74, 10, 6, tint(look.skin, -0.13))
        case "vee":
            board.shape([(38, 75), (62, 75), (50, 94)], trim)
            board.shape([(41, 74), (59, 74), (50, 88)], tint(look.skin, -0.13))
        case "ruff":
            for step in range(9):
                board.oval(
                    30 + step * 5, 76 + (4 - abs(step - 4)) * 0.9, 4.6, 5, trim if step % 2 else tint(trim, -0.1)
                )
        case "lace":
            board.shape([(34, 76), (66, 76), (72, 86), (60, 84), (50, 92), (40, 84), (28, 86)], trim)
            board.oval(50, 75, 11, 5, tint(look.skin, -0.13))
        case "plate":
            board.block(34, 72, 66, 82, 5, tint(trim, -0.15))
            board.line([(50, 82), (50, 100)], tint(trim, -0.3), 1.2)
            for x in (28, 72):
                board.oval(x, 84, 9, 6, trim)
        case "cowl":
            board.oval(50, 78, 25, 12, dark)
            board.oval(50, 75, 16, 7, tint(look.cloth, -0.4))
            board.line([(44, 88), (50, 97), (56, 88)], trim, 1.4)


def _head(board: Board, look: Look) -> None:
    for x in (27.5, 72.5):
        board.oval(x, 47, 4, 5.5, tint(look.skin, -0.1))
    board.oval(50, 45, 22, 26, look.skin)


def _blend(one: str, two: str, share: float) -> str:
    pairs = zip(ImageColor.getrgb(one)[:3], ImageColor.getrgb(two)[:3], strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _face(board: Board, look: Look) -> None:
    for x in (36, 64):
        board.oval(x, 54, 5, 3.6, tint(_blend(look.skin, "#e0565b", 0.28), 0.05))
    brow = tint(look.hair, -0.35) if look.style != "bald" else INK
    for side in (-1, 1):
        x = 50 + side * 9
        if look.mood == "asleep":
            board.bow(x, 45, 3.4, 2.6, (15, 165), INK, 1.2)
        elif look.mood == "merry":
            board.bow(x, 47.5, 3.4, 3.2, (195, 345), INK, 1.5)
        else:
            board.oval(x, 46, 2.5, 3.1, INK)
            board.oval(x + 0.8, 44.9, 0.8, 0.9, "#ffffff")
        tilt = {"cross": 2.2, "sad": -2.0}.get(look.mood, 0.0)
        board.line([(x + side * 4.5, 40 - tilt * 0.6), (x - side * 4, 39.2 + tilt)], brow, 1.5)
    board.bow(50.5, 50, 2.4, 3, (20, 140), tint(look.skin, -0.25), 1.2)
    _beard(board, look)
    match look.mood:
        case "merry":
            board.slice(50, 57.5, 7, 5.6, (0, 180), "#8c2f39")
            board.slice(50, 57.5, 5.4, 2.2, (0, 180), "#ffffff")
        case "cross":
            board.line([(45, 61.2), (50, 60), (55, 61.6)], "#8c2f39", 1.5)
        case "sad":
            board.bow(50, 64, 5, 3.6, (205, 335), "#8c2f39", 1.5)
        case _:
            board.bow(50, 57, 6, 4.6, (25, 155), "#a13d45", 1.6)
    _extra(board, look)


def _beard(board: Board, look: Look) -> None:
    hair = look.hair
    match look.beard:
        case "full":
            board.slice(50, 50, 22.4, 25, (12, 168), hair)
            board.oval(50, 58.5, 9, 5.4, look.skin)
            board.slice(50, 56.6, 10, 4.4, (180, 360), hair)
        case "goatee":
            board.oval(50, 69, 6, 6.5, hair)
            board.slice(50, 56.8, 8, 3, (180, 360), hair)
        case "moustache":
            board.slice(45.4, 56.8, 6.2, 3.6, (170, 360), hair)
            board.slice(54.6, 56.8, 6.2, 3.6, (180, 370), hair)


def _extra(board: Board, look: Look) -> None:
    match look.extra:
        case "mask":
            board.block(28, 40, 72, 53, 6, "#2b2b3a")
            board.shape([(46, 53), (54, 53), (50, 49)], look.skin)
            for x in (41, 59):
                board.oval(x, 46, 4.4, 3.2, "#ffffff")
                board.oval(x, 46.2, 2, 2.4, INK)
        case "scar":
            board.line([(60, 49), (66, 60)], _blend(look.skin, "#a13d45", 0.6), 1.4)
        case "earring":
            board.oval(27, 54, 1.8, 2.4, "#e9b949")
            board.oval(73, 54, 1.8, 2.4, "#e9b949")
        case "glasses":
            for x in (41, 59):
                board.bow(x, 46, 6.4, 6.4, (0, 360), INK, 1.1)
            board.line([(47, 46), (53, 46)], INK, 1.1)
        case "freckles":
            for x, y in ((34, 51), (37, 53), (40, 51), (60, 51), (63, 53), (66, 51)):
                board.oval(x, y, 0.8, 0.8, _blend(look.skin, "#9c5a2e", 0.5))


def _hair_before(board: Board, look: Look) -> None:
    hair = look.hair
    match look.style:
        case "short":
            board.slice(50, 36, 24, 20, (178, 362), hair)
            board.shape([(26.5, 35), (30, 46), (32, 35)], hair)
            board.shape([(73.5, 35), (70, 46), (68, 35)], hair)
            board.shape([(30, 35), (58, 36), (70, 29), (60, 22), (38, 22)], hair)
        case "crop":
            board.slice(50, 35, 23.4, 17.5, (180, 360), hair)
        case "long" | "bob":
            board.slice(50, 38, 26, 23, (180, 360), hair)
            for side in (-1, 1):
                board.shape([(50 + side * dx, y) for dx, y in ((26, 37), (25, 56), (21, 58), (20, 44), (22, 37))], hair)
            board.slice(53, 38, 20, 10, (180, 360), look.skin)
            board.shape([(50, 22), (27, 38), (36, 38), (54, 28)], hair)
        case "braid" | "bun":
            board.slice(50, 36.5, 23.5, 20, (180, 360), hair)
            board.shape([(50, 20), (27, 36.5), (29, 44), (40, 33), (50, 29)], hair)
            board.shape([(50, 20), (73, 36.5), (71, 44), (60, 33), (50, 29)], hair)
        case "curls":
            for x, y in ((30, 28), (38, 21), (48, 18), (58, 19), (67, 24), (71, 32), (42, 27), (53, 26), (62, 28)):
                board.oval(x, y, 7.6, 7.2, hair)
            for x, y in ((38, 20), (57, 18), (67, 25)):
                board.bow(x, y, 4, 4, (200, 320), tint(hair, 0.25), 1)
        case "wild":
            for x in (30, 38, 46, 54, 62, 69):
                board.shape([(x - 7, 33), (x + 7, 33), (x + (x - 50) * 0.25, 11 + abs(x - 50) * 0.35)], hair)
            board.slice(50, 35, 24, 16, (180, 360), hair)
        case "tonsure":
            board.slice(50, 38, 24, 15, (180, 360), hair)
            board.slice(50, 27.5, 18, 11, (160, 380), look.skin)
            board.shape([(26.5, 37), (29, 50), (33, 37)], hair)
            board.shape([(73.5, 37), (71, 50), (67, 37)], hair)
        case "bald":
            board.oval(43, 26, 5, 2.6, tint(look.skin, 0.35))


def _hat(board: Board, look: Look) -> None:
    color, dark, trim = look.hat_color, tint(look.hat_color, -0.22), look.trim
    match look.hat:
        case "cap":
            board.slice(50, 31, 25, 21, (180, 360), color)
            board.block(24, 27, 76, 34, 3, dark)
        case "beret":
            board.oval(47, 22, 30, 11, color)
            board.block(27, 26, 73, 33, 3, dark)
        case "feather":
            board.oval(50, 24, 32, 9, dark)
            board.slice(50, 25, 22, 18, (180, 360), color)
            board.shape([(66, 24), (78, 4), (90, 2), (88, 12), (74, 24)], trim)
            board.line([(68, 24), (86, 6)], tint(trim, -0.25), 1)
        case "crown":
            board.shape([(28, 30), (26, 10), (38, 20), (50, 7), (62, 20), (74, 10), (72, 30)], "#e9b949")
            board.block(28, 26, 72, 32, 2, "#c8932c")
            for x, jewel in ((38, "#b23a48"), (50, "#3a6ea5"), (62, "#b23a48")):
                board.oval(x, 29, 2, 2, jewel)
        case "veil":
            board.slice(50, 40, 28, 27, (180, 360), color)
            board.shape([(22, 40), (16, 82), (30, 84), (31, 40)], color)
            board.shape([(78, 40), (84, 82), (70, 84), (69, 40)], color)
            board.slice(50, 38, 21, 15, (180, 360), look.hair)
            board.slice(50, 41, 20, 13, (180, 360), look.skin)
        case "coif":
            board.oval(50, 13, 12, 10, color)
            board.slice(50, 40, 27, 27, (160, 380), color)
            board.slice(50, 43, 20.5, 19, (155, 385), look.skin)
            board.slice(50, 37, 19, 12, (188, 352), look.hair)
            board.slice(50, 41, 19, 11, (180, 360), look.skin)
            board.bow(50, 40, 26, 26, (185, 355), dark, 1)
        case "hood":
            board.bow(50, 46, 31, 35, (135, 405), color, 9)
            board.slice(50, 30, 28, 22, (180, 360), color)
            board.slice(50, 42, 22, 20, (185, 355), dark)
            board.slice(50, 45, 21, 18, (185, 355), look.skin)
        case "hennin":
            board.shape([(34, 28), (66, 28), (54, 1), (50, 0)], color)
            board.shape([(52, 1), (66, 28), (84, 60), (80, 30)], tint(trim, 0.2))
            board.block(31, 25, 69, 31, 3, dark)
        case "wreath":
            for step in range(11):
                x = 28 + step * 4.4
                y = 31 - (25 - (step - 5) ** 2) * 0.34
                board.oval(x, y, 3.4, 2.6, color if step % 2 else dark)
                if step % 3 == 1:
                    board.oval(x, y - 1, 2.2, 2.2, trim)
    if look.extra == "flower":
        for x, y in ((68, 25), (73, 28), (72, 22), (77, 25), (69.5, 29)):
            board.oval(x, y, 3.2, 3.2, "#e4506a")
        board.oval(72.5, 25.5, 2, 2, "#f4d35e")
