"""Images: Pillow and numpy behind limits; no XMPP, no tables."""

from .facts import inspect
from .limits import Fault, Limits
from .look import distance
from .placeholder import color, first_grapheme, placeholder
from .pool import Inspector, inspect_async
from .sheet import contact_sheet
from .sniff import mime_of, sniff
from .source import ImageSource, open_source
from .thumbnail import thumbnail
from .variant import Box, Variant, variant

__all__ = [
    "Box",
    "Fault",
    "Inspector",
    "ImageSource",
    "Limits",
    "Variant",
    "color",
    "contact_sheet",
    "distance",
    "first_grapheme",
    "inspect",
    "inspect_async",
    "mime_of",
    "open_source",
    "placeholder",
    "sniff",
    "thumbnail",
    "variant",
]
