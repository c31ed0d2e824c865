"""Pictures of places, of a dog and of a shipwreck."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
from PIL import Image, ImageColor
from portraits import INK, Board, Look, portrait, tint


def balcony() -> Board:
    board = Board("#27325a")
    board.oval(72, 24, 13, 13, "#f6e7a8")
    board.oval(67, 21, 12, 12, "#27325a")
    _stars(board, 14)
    board.block(8, 30, 46, 110, 2, "#8f6f63")
    board.block(16, 38, 38, 90, 11, "#f4c977")
    board.line([(27, 38), (27, 70)], "#8f6f63", 1.4)
    board.line([(16, 52), (38, 52)], "#8f6f63", 1.4)
    board.block(2, 64, 62, 69, 2, "#e5d9c8")
    for x in range(5, 62, 8):
        board.block(x, 69, x + 4, 86, 2, "#d5c5b0")
    board.block(0, 86, 64, 92, 2, "#c3b19a")
    for x, y, size in ((50, 92, 6), (57, 84, 5), (62, 94, 7), (52, 99, 8), (66, 86, 4), (4, 96, 8), (60, 75, 4)):
        board.oval(x, y, size, size * 0.8, "#4f7a4a")
        board.oval(x - 1, y - 1, size * 0.5, size * 0.4, "#6c9a5f")
    for x, y in ((57, 84), (63, 93), (51, 98)):
        board.oval(x, y, 2, 2, "#e4506a")
    return board


def _stars(board: Board, count: int) -> None:
    draw = random.Random("stars")
    for _ in range(count):
        x, y, size = draw.uniform(4, 98), draw.uniform(4, 55), draw.uniform(0.4, 0.9)
        board.oval(x, y, size, size, "#f3efdc")


def tomb() -> Board:
    board = Board("#3b3740")
    board.block(10, 12, 90, 130, 40, "#524c58")
    board.block(22, 24, 78, 130, 28, "#1f1c24")
    for x in (5, 95):
        board.line([(x, 60), (x, 76)], "#8a6f52", 3)
        board.oval(x, 55, 5, 8, "#e98a2b")
        board.oval(x, 57, 2.6, 5, "#f9dd7c")
    board.block(26, 66, 74, 76, 2, "#b9b3bd")
    board.block(30, 76, 70, 96, 2, "#948d9a")
    board.oval(38, 62, 6, 4, "#e7dccb")
    board.block(40, 60, 70, 66, 3, "#d3c6d8")
    for x in (56, 60, 64):
        board.oval(x, 59, 1.8, 1.8, "#b23a48")
    return board


def market() -> Board:
    board = Board("#bcd7dd")
    board.oval(80, 18, 9, 9, "#f7e3a1")
    board.shape(
        [(0, 46), (0, 30), (14, 30), (14, 22), (30, 22), (30, 34), (46, 34), (46, 26), (62, 26), (62, 46)], "#d8b79a"
    )
    board.block(0, 44, 100, 110, 0, "#cdb892")
    for left, color in ((6, "#b23a48"), (54, "#33658a")):
        board.line([(left + 3, 50), (left + 3, 92)], "#6b4a35", 2)
        board.line([(left + 37, 50), (left + 37, 92)], "#6b4a35", 2)
        for step in range(5):
            x = left + step * 8
            board.shape([(x, 52), (x + 8, 52), (x + 7, 40), (x + 1, 40)], color if step % 2 == 0 else "#f5efe0")
            board.slice(x + 4, 52, 4, 4, (0, 180), color if step % 2 == 0 else "#f5efe0")
        board.block(left, 72, left + 40, 92, 1, "#8a6f52")
        for step in range(6):
            board.oval(left + 5 + step * 6, 70, 3.4, 3.4, ("#e98a2b", "#d14b4b", "#7ba05b")[step % 3])
    return board


def ball() -> Board:
    board = Board("#6d2e46")
    board.shape([(0, 0), (24, 0), (14, 60), (0, 70)], "#8d3f5a")
    board.shape([(100, 0), (76, 0), (86, 60), (100, 70)], "#8d3f5a")
    for x in (35, 50, 65):
        board.line([(x, 0), (x, 14 if x == 50 else 18)], "#e9b949", 1)
        board.oval(x, 19 if x == 50 else 22, 3, 4, "#f9dd7c")
    for cx, cy, color in ((36, 50, "#e9b949"), (62, 66, "#7fa6b8")):
        board.slice(cx, cy, 24, 22, (0, 180), color)
        board.shape([(cx - 24, cy), (cx - 26, cy - 14), (cx, cy - 6), (cx + 26, cy - 14), (cx + 24, cy)], color)
        for side in (-1, 1):
            board.oval(cx + side * 10, cy + 3, 6, 3.8, "#2b2b3a")
        board.line([(cx + 22, cy + 4), (cx + 30, cy + 34)], tint(color, -0.3), 2)
    return board


def forest() -> Board:
    board = Board("#1f3b34")
    board.oval(50, 30, 20, 20, "#f3efcf")
    _stars(board, 18)
    for x, height, color in (
        (8, 66, "#2d5a45"),
        (92, 70, "#2d5a45"),
        (26, 52, "#3b7355"),
        (76, 56, "#3b7355"),
        (50, 40, "#4b8a64"),
    ):
        for step in range(3):
            top, half = 96 - height + step * height * 0.24, 9 + step * 5
            board.shape([(x, top), (x - half, top + height * 0.4), (x + half, top + height * 0.4)], color)
    board.block(0, 92, 100, 110, 0, "#17302a")
    return board


def dog(wag: float, tongue: bool) -> Board:
    """Crab, "the sourest-natured dog that lives"; `wag` tilts his ears."""
    board = Board("#9db5a0")
    board.oval(50, 46, 42, 42, "#b3c7b5")
    board.oval(50, 100, 34, 26, "#b98d5f")
    board.oval(50, 50, 27, 26, "#c99b6b")
    board.oval(38, 42, 10, 11, "#8a5f3c")
    for side in (-1, 1):
        x = 50 + side * 27
        board.shape(
            [(x - side * 9, 28), (x + side * 8, 30 - wag), (x + side * 9, 62 - wag * 2), (x - side, 56)], "#7a5233"
        )
        board.oval(50 + side * 11, 44, 3.2, 3.8, INK)
        board.oval(50 + side * 11 + 1, 42.6, 1, 1.1, "#ffffff")
    board.oval(50, 62, 15, 11.5, "#ecd9bf")
    board.oval(50, 55, 6, 4.4, INK)
    if tongue:
        board.block(46.5, 66, 53.5, 78, 3.4, "#e4708a")
    board.bow(45, 63, 5, 5, (10, 120), INK, 1.2)
    board.bow(55, 63, 5, 5, (60, 170), INK, 1.2)
    board.block(30, 76, 70, 81, 2, "#b23a48")
    board.oval(50, 83, 3.6, 3.6, "#e9b949")
    return board


def shipwreck(width: int, height: int) -> Image.Image:
    """A holiday photograph from the coast of Illyria, grain and all."""
    return _grain(_coast(width, height), 10)


def souvenir(look: Look) -> Image.Image:
    """Somebody at the left edge of a large photograph of the sea."""
    photo = _coast(1600, 1200)
    screen = "#00ff00"  # cut out along it, as in films
    figure = portrait(replace(look, back=screen), 800)
    behind = [ImageColor.getrgb(color) for color in (screen, tint(screen, 0.22))]
    pixels = np.asarray(figure)
    kept = np.all([(pixels != color).any(axis=2) for color in behind], axis=0)
    photo.paste(figure, (40, 400), Image.fromarray(kept))
    return _grain(photo.resize((800, 600), Image.Resampling.LANCZOS), 4)


def _coast(width: int, height: int) -> Image.Image:
    board = Board("#7fb0c9")
    board.oval(22, 22, 8, 8, "#fbe9b0")
    board.block(0, 58, 100, 110, 0, "#2f6f8a")
    for y in range(62, 98, 6):
        for x in range(-6 + y % 12, 100, 16):
            board.bow(x, y, 7, 3, (190, 350), "#5e9fb8", 0.9)
    board.shape([(36, 62), (82, 50), (76, 70), (44, 74)], "#5a3825")
    board.line([(58, 60), (70, 16)], "#5a3825", 2)
    board.shape([(69, 20), (84, 46), (61, 50)], "#f5efe0")
    board.shape([(0, 100), (0, 84), (34, 88), (60, 100)], "#e2c48f")
    return board.reduced(max(width, height)).resize((width, height))


def _grain(image: Image.Image, strength: int) -> Image.Image:
    noise = random.Random(f"grain {image.size}").randbytes(image.width * image.height * 3)
    pixels = image.tobytes()
    mixed = bytes(
        min(255, max(0, pixel + (speck * strength >> 7) - strength)) for pixel, speck in zip(pixels, noise, strict=True)
    )
    return Image.frombytes("RGB", image.size, mixed)


def grained(image: Image.Image, strength: int) -> Image.Image:
    """Film grain makes a PNG as large as photographs are."""
    return _grain(image, strength)
