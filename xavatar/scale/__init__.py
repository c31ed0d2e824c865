"""A fleet's snapshots judged together: Dask over what :meth:`Store.export` wrote.

Needs the extra ``scale``; no part of it connects to anything. Each answer is the one that
:class:`xavatar.audit.Audit` gives on one machine, computed lazily in as many pieces as there
are partitions, by whatever scheduler Dask runs on.

>>> from xavatar import scale
>>> fleet = scale.read("exports/north", "exports/south")   # doctest: +SKIP
>>> fleet.latest().summary().compute()                     # doctest: +SKIP
"""

from .fleet import Fleet, read

__all__ = ["Fleet", "read"]
