"""``df.xavatar``: what can be asked of a frame of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

import pandas as pd

from xavatar.imaging import contact_sheet

from .build import require
from .coverage import By, coverage
from .faces import FaceTable
from .images import Images
from .people import people
from .problems import problems
from .sheet import ContactSheet
from .thumbnails import Thumbnails, tiles

if TYPE_CHECKING:
    from xavatar.widgets import Gallery, Grouping, Inspector, Order, Shape

    _T = TypeVar("_T", bound=type)

    def register(name: str) -> Callable[[_T], _T]:
        """Type what pandas leaves untyped."""
else:
    from pandas.api.extensions import register_dataframe_accessor as register


@register("xavatar")
class XavatarAccessor:
    """Questions to a frame with the columns of :mod:`xavatar.frames.schema`.

    Rows may be filtered and columns added; all of it works on what is left. A frame should
    hold one snapshot, since a subject's rows are taken together.

    Raises
    ------
    FrameError
        The frame lacks columns of ours.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        require(table)
        self._table = table

    def people(self) -> pd.DataFrame:
        """Return one row per subject with a verdict; see :func:`xavatar.frames.people.people`.

        Examples
        --------
        >>> df.xavatar.people().set_index("jid").loc["romeo@montague.lit", "verdict"]
        'agrees'
        """
        return people(self._table)

    def coverage(self, by: By | None = None) -> pd.DataFrame:
        """Count who has an avatar, per source or per group, domain or kind of subject.

        Examples
        --------
        >>> df.xavatar.coverage().index.tolist()
        ['pep', 'vcard', 'presence', 'any']
        >>> "verona.lit" in df.xavatar.coverage("domain").index
        True
        """
        return coverage(self._table, by)

    def problems(self) -> pd.DataFrame:
        """List what stands out, one row per observation; for judgement with rules use an audit.

        Examples
        --------
        >>> df.xavatar.problems().columns.tolist()
        ['jid', 'name', 'source', 'resource', 'problem']
        """
        return problems(self._table)

    def images(self) -> Images:
        """Return the images of the shown rows by SHA-1, as far as an open store has them.

        Examples
        --------
        >>> images = df.xavatar.images()
        >>> all(picture for picture in images.values())
        True
        """
        return Images(self._table["sha1"].dropna().unique())

    def thumbnails(self, size: int = 64, limit: int = 200) -> Thumbnails:
        """Return faces to display: static, escaped, re-encoded, at most `limit` of them.

        Examples
        --------
        >>> df.xavatar.thumbnails(limit=3)
        <Thumbnails: showing 3 of 71>
        """
        return Thumbnails(self._table, size, limit)

    def table(self, size: int = 32, limit: int = 200, budget: int = 300_000) -> FaceTable:
        """Return a table with faces to display: static, escaped, at most `limit` lines and `budget` characters.

        Examples
        --------
        >>> df.xavatar.table(limit=10)
        <FaceTable of 71>
        """
        return FaceTable(self._table, size, limit, budget)

    def contact_sheet(self, tile: int = 64, columns: int | None = None, limit: int = 1000) -> ContactSheet:
        """Return one PNG with everybody's picture, placeholders for those without, at most `limit`.

        Examples
        --------
        >>> sheet = df.xavatar.contact_sheet(tile=32)
        >>> xa.imaging.sniff(sheet)
        'png'
        """
        faces = tiles(self.people().head(limit), tile, "png")
        return ContactSheet(contact_sheet(((face.label, face.image) for face in faces), tile=tile, columns=columns))

    def gallery(
        self,
        *,
        pictures: Mapping[str, bytes] | None = None,
        tile: int = 64,
        height: int = 460,
        group: Grouping = "nothing",
        sort: Order = "given",
        shape: Shape = "square",
    ) -> Gallery:
        """Return a widget to look through thousands, and choose; see :class:`xavatar.widgets.Gallery`.

        Examples
        --------
        >>> gallery = df.xavatar.gallery(group="domain")
        >>> gallery
        <Gallery of 71>
        >>> gallery.close()
        """
        from xavatar.widgets import Gallery

        return Gallery(self._table, pictures=pictures, tile=tile, height=height, group=group, sort=sort, shape=shape)

    def inspector(self, jid: str | None = None, *, pictures: Mapping[str, bytes] | None = None) -> Inspector:
        """Return a widget that shows one avatar closely; see :class:`xavatar.widgets.Inspector`.

        Examples
        --------
        >>> inspector = df.xavatar.inspector("romeo@montague.lit")
        >>> inspector
        <Inspector of romeo@montague.lit>
        >>> inspector.close()
        """
        from xavatar.widgets import Inspector

        return Inspector(self._table, jid, pictures=pictures)
