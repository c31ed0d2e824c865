"""The colours a small picture is made of."""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image
from PIL.Image import Resampling

_SAMPLES: Final = 32
_MOST: Final = 5
_LEAST_SHARE: Final = 0.05
_NEAR: Final = 12
_BLANK_SHARE: Final = 0.995


def palette(small: Image.Image) -> tuple[tuple[str, ...], bool]:
    """Return the dominant colours and whether the picture is blank.

    Parameters
    ----------
    small : PIL.Image.Image
        Reduced, ``L``, ``RGB`` or ``RGBA``.

    Returns
    -------
    colors : tuple of str
        Up to five ``#rrggbb``, most frequent first; transparent parts do not count.
    blank : bool
        Nearly all that can be seen is of one colour, or nothing can be seen.
    """
    if small.width > _SAMPLES or small.height > _SAMPLES:
        small = small.resize((min(small.width, _SAMPLES), min(small.height, _SAMPLES)), Resampling.BOX)
    bands = len(small.getbands())
    samples = np.frombuffer(small.tobytes(), np.uint8).reshape(-1, bands).astype(np.int64)
    opaque = True
    if bands == 4:
        visible = samples[:, 3] >= 128
        opaque = bool(visible.all())
        samples = samples[visible, :3]
    if bands == 1:
        samples = samples.repeat(3, axis=1)
    if not len(samples):
        return (), True
    buckets = (samples[:, 0] >> 4 << 8) | (samples[:, 1] >> 4 << 4) | samples[:, 2] >> 4
    counts = np.bincount(buckets)
    order = np.argsort(-counts, kind="stable")[:_MOST]
    frequent = [int(bucket) for bucket in order if counts[bucket] >= _LEAST_SHARE * len(samples)] or [int(order[0])]
    means = [samples[buckets == bucket].mean(axis=0).round().astype(int) for bucket in frequent]
    colors = tuple(f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in means)
    near = (np.abs(samples - np.median(samples, axis=0)) <= _NEAR).all(axis=1)
    return colors, opaque and bool(near.mean() >= _BLANK_SHARE)
