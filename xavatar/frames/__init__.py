"""Tables: outcomes laid out as DataFrames, and what can be asked of them (``df.xavatar``)."""

from .accessor import XavatarAccessor
from .build import conform, frame, from_columns
from .faces import FaceTable
from .images import Images, ImageSource, lookup, register, unregister
from .interop import from_arrow, read_csv, read_parquet, to_arrow, to_csv, to_parquet
from .people import Verdict
from .schema import COLUMNS, DTYPES, JOIN, NAMES, Column
from .sheet import ContactSheet
from .thumbnails import Thumbnails

__all__ = [
    "COLUMNS",
    "DTYPES",
    "JOIN",
    "NAMES",
    "Column",
    "ContactSheet",
    "FaceTable",
    "ImageSource",
    "Images",
    "Thumbnails",
    "Verdict",
    "XavatarAccessor",
    "conform",
    "frame",
    "from_arrow",
    "from_columns",
    "lookup",
    "read_csv",
    "read_parquet",
    "register",
    "to_arrow",
    "to_csv",
    "to_parquet",
    "unregister",
]
