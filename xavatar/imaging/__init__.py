"""Images: Pillow and numpy behind limits; no XMPP, no tables."""

from .facts import inspect
from .limits import Fault, Limits
from .look import distance
from .placeholder import color, placeholder
from .sheet import contact_sheet
from .sniff import mime_of, sniff
from .thumbnail import thumbnail

__all__ = [
    "Fault",
    "Limits",
    "color",
    "contact_sheet",
    "distance",
    "inspect",
    "mime_of",
    "placeholder",
    "sniff",
    "thumbnail",
]
