"""The frame's columns: the only place that names them.

Documentation, the store's tables, CSV and Parquet readers, command line headers and tests
are built from :data:`COLUMNS`. One row per descriptor; a source without one still has a
row, which says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

STRING: Final = "string"
INTEGER: Final = "Int64"
FLOAT: Final = "Float64"
BOOLEAN: Final = "boolean"
TIME: Final = "datetime64[us, UTC]"
INT64: Final = range(-(2**63), 2**63)
"""What a column of whole numbers can hold."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Parameters
    ----------
    name : str
    dtype : str
        A nullable pandas dtype.
    group : str
        subject, source, declared, real, judged or provenance.
    doc : str
        One sentence for people.
    """

    name: str
    dtype: str
    group: str
    doc: str


COLUMNS: Final[tuple[Column, ...]] = (
    Column("jid", STRING, "subject", "Bare JID; an occupant's room@service/nick."),
    Column("kind", STRING, "subject", "self, contact, occupant or room."),
    Column("nick", STRING, "subject", "Nickname of an occupant."),
    Column("name", STRING, "subject", "Name in the roster, or of the room."),
    Column("groups", STRING, "subject", "Roster groups, joined with '; '."),
    Column("subscription", STRING, "subject", "Roster subscription: none, to, from, both."),
    Column("source", STRING, "source", "pep, vcard or presence."),
    Column("resource", STRING, "source", "The resource a presence is from."),
    Column("status", STRING, "source", "How the source answered (model.Status)."),
    Column("condition", STRING, "source", "Stanza error condition, or our word for the reason."),
    Column("text", STRING, "source", "What the server said about it."),
    Column("elapsed_ms", FLOAT, "source", "Milliseconds from asking to the answer; missing when it came by itself."),
    Column("item_id", STRING, "declared", "ItemID of the PEP item."),
    Column("info_index", INTEGER, "declared", "Position of the info, or of the PHOTO, from 0."),
    Column("id", STRING, "declared", "Declared hash, as sent."),
    Column("mime", STRING, "declared", "Declared media type."),
    Column("nbytes", INTEGER, "declared", "Declared size in bytes."),
    Column("width", INTEGER, "declared", "Declared width in pixels."),
    Column("height", INTEGER, "declared", "Declared height in pixels."),
    Column("url", STRING, "declared", "Where the image lies when not in XMPP; never fetched."),
    Column("pointer", STRING, "declared", "Namespace of the item's pointer, if any."),
    Column("image_status", STRING, "real", "What came of fetching the image (model.Status)."),
    Column("image_condition", STRING, "real", "Condition behind image_status."),
    Column("sha1", STRING, "real", "SHA-1 of the bytes; the key of the image in the store."),
    Column("mime_real", STRING, "real", "Media type by the bytes."),
    Column("nbytes_real", INTEGER, "real", "Size of the bytes."),
    Column("width_real", INTEGER, "real", "Width of the picture in pixels."),
    Column("height_real", INTEGER, "real", "Height of the picture in pixels."),
    Column("frames", INTEGER, "real", "Pictures in the file; more than 1 is animated."),
    Column("has_exif", BOOLEAN, "real", "The file carries EXIF."),
    Column("has_gps", BOOLEAN, "real", "The EXIF carries a position."),
    Column("dhash", STRING, "real", "64-bit difference hash, hexadecimal."),
    Column("image_error", STRING, "real", "Why the picture did not decode."),
    Column("id_is_sha1", BOOLEAN, "judged", "The declared id is 40 hexadecimal digits."),
    Column("hash_ok", BOOLEAN, "judged", "The bytes hash to the declared id."),
    Column("agrees", BOOLEAN, "judged", "This source's picture is that of the subject's other sources."),
    Column("problems", STRING, "judged", "Breaches seen while reading, joined with '; '."),
    Column("snapshot", STRING, "provenance", "Id of the snapshot."),
    Column("observed_at", TIME, "provenance", "When the answer was there."),
)
"""All columns, in their order."""

DTYPES: Final[dict[str, str]] = {column.name: column.dtype for column in COLUMNS}
"""The dtype of each column, by its name."""
NAMES: Final[tuple[str, ...]] = tuple(DTYPES)
"""The columns' names, in their order."""
JOIN: Final = "; "
"""Between the parts of a text cell that has several: groups, problems."""
