"""Threads for what a widget's handler must not do itself.

A handler may run on the kernel's main thread, while a cell waits for it, or on any thread of a
subshell; it hands work over and returns.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def submit(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
    """Run a function on a thread of ours.

    Notes
    -----
    It keeps the caller's context, by which a kernel knows whose output a message is.
    """
    context = contextvars.copy_context()
    return _threads().submit(lambda: context.run(function, *args, **kwargs))


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2, thread_name_prefix="xavatar-widgets")
