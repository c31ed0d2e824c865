"""Images: Pillow and numpy behind limits; no XMPP, no tables."""

from .colors import Difference
from .encode import Format
from .facts import inspect, inspect_many
from .ladder import LIMITS, Ladder, SizeLimit, ladder, limits_of, stanza_limit
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
    "LIMITS",
    "Box",
    "Difference",
    "Fault",
    "Format",
    "ImageSource",
    "Inspector",
    "Ladder",
    "Limits",
    "SizeLimit",
    "Variant",
    "color",
    "contact_sheet",
    "distance",
    "first_grapheme",
    "inspect",
    "inspect_async",
    "inspect_many",
    "ladder",
    "limits_of",
    "mime_of",
    "open_source",
    "placeholder",
    "sniff",
    "stanza_limit",
    "thumbnail",
    "variant",
]
