"""What the lessons of `notebooks/` check their exercises by: ``from xavatar.lessons import check``.

A lesson has a module of judges here, named as its notebook without the number. A judge takes the pupil's answer, and by
keyword whatever else the lesson hands to `check`; it returns a hint, or None when the answer is right::

    from xavatar.lessons import exercise, same


    @exercise("06.1")
    def _converted(answer: Iterable[str], df: pd.DataFrame) -> str | None:
        return same(answer, df.loc[df["agrees"].eq(False), "jid"], "Compare both sources.")

`check` finds the modules by itself; nothing needs to be listed. What a judge imports beyond pandas it imports when it
is called, so that one lesson's extras are not asked for by another. The tests' answers to lesson 06 are in
``tests/notebooks/answers/lesson_06.py``: ``SOLUTIONS``, cells that are right, and ``MISTAKES``, pairs of a cell and
words of the hint that it must get.
"""

from xavatar.lessons.checking import check, exercise, same
from xavatar.lessons.photographs import photograph

__all__ = ["check", "exercise", "photograph", "same"]
