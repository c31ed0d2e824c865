"""The floor, and of each image its SHA-1 and a bare decoding by Pillow: what any audit of pictures takes."""

from __future__ import annotations

import hashlib
import io

from PIL import Image

from benchmarks.race import Result, Task, main

from .floor import run as fetch


def look(image: bytes) -> None:
    """Hash and decode an image."""
    hashlib.sha1(image, usedforsecurity=False).hexdigest()
    Image.open(io.BytesIO(image)).load()


async def run(task: Task) -> Result:
    """Fetch and decode everything."""
    return await fetch(task, look)


if __name__ == "__main__":
    main(run)
