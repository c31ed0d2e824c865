"""Running many coroutines at once, and one coroutine for many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from xavatar.errors import ConfigError, SessionClosed

__all__ = ["SingleFlight", "cancel_and_wait", "completed", "each"]

T = TypeVar("T")
R = TypeVar("R")
K = TypeVar("K", bound=Hashable)

# Seconds a lane may go on without yielding, when its workers never have to wait; looked at only after this many items:
# of workers that do wait the time says nothing, and every yield is one more turn of the loop.
_FAIR = 0.01
_STRIDE = 8


async def each(
    items: Iterable[T],
    worker: Callable[[T], Awaitable[R]],
    *,
    limit: int,
    done: Callable[[T, R], object] | None = None,
) -> None:
    """Run ``worker(item)`` for all items, at most `limit` at once.

    Parameters
    ----------
    items : iterable
        Read lazily, one item when a worker is free for it.
    worker : callable
        Gives the awaitable for one item.
    limit : int
        Workers at once; this many tasks are made, however many items there are.
    done : callable, optional
        Called with item and result as each worker ends, in that order.

    Raises
    ------
    Exception
        What a worker, `items` or `done` raised first, after all other workers were cancelled and
        have ended. What others raised on their way out is in its notes.
    SessionClosed
        A worker was cancelled from below, by nobody up here.
    asyncio.CancelledError
        The caller was cancelled; all workers have ended.
    """
    if limit < 1:
        raise ConfigError(f"limit must be at least 1, not {limit}.")
    source = iter(items)
    first: list[Exception] = []
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(limit):
                group.create_task(_lane(source, worker, done, first))
    except BaseExceptionGroup as failures:
        if not first:
            raise
        for other in failures.exceptions:
            if other is not first[0]:
                first[0].add_note(f"Besides: {other!r}")
        raise first[0] from None


async def _lane(
    source: Iterator[T],
    worker: Callable[[T], Awaitable[R]],
    done: Callable[[T, R], object] | None,
    first: list[Exception],
) -> None:
    clock = asyncio.get_running_loop().time
    try:
        started = clock()
        for count, item in enumerate(source, 1):
            result = await _run(worker, item)
            if done is not None:
                done(item, result)
            if count % _STRIDE == 0 and clock() - started > _FAIR:
                await asyncio.sleep(0)
                started = clock()
    except Exception as error:
        first.append(error)
        raise


async def _run(worker: Callable[[T], Awaitable[R]], item: T) -> R:
    try:
        return await worker(item)
    except asyncio.CancelledError as error:
        # A task group forgets a task that was cancelled from below, and with it the item.
        if (lane := asyncio.current_task()) is not None and lane.cancelling():
            raise
        raise SessionClosed(f"The operation on {item!r} was cancelled from below, as when a session ends.") from error


async def completed(
    items: Iterable[T], worker: Callable[[T], Awaitable[R]], *, limit: int
) -> AsyncGenerator[tuple[T, R], None]:
    """Iterate over ``(item, result)`` in the order the workers end; like :func:`each` otherwise.

    Leaving the loop early cancels the rest. Wrap it in :func:`contextlib.aclosing` where this has
    to happen at once.
    """
    results: asyncio.Queue[tuple[T, R] | None] = asyncio.Queue()
    task = asyncio.create_task(each(items, worker, limit=limit, done=lambda *pair: results.put_nowait(pair)))
    task.add_done_callback(lambda _: results.put_nowait(None))
    try:
        while (pair := await results.get()) is not None:
            yield pair
        await task
    finally:
        await cancel_and_wait(task)


async def cancel_and_wait(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they have ended; what they raise is dropped."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.exception()


class SingleFlight(Generic[K, R]):
    """Concurrent requests for one key share one run.

    The first caller runs it, in its own task; who comes meanwhile waits for that and gets the same
    result or error. When the first is cancelled, the next one runs it anew. Nothing is remembered.

    Examples
    --------
    >>> async def main() -> list[str]:
    ...     flights: SingleFlight[str, str] = SingleFlight()
    ...     async def fetch() -> str:
    ...         print("fetching")
    ...         await asyncio.sleep(0)
    ...         return "image"
    ...     return await asyncio.gather(*(flights.run("hash", fetch) for _ in range(3)))
    >>> asyncio.run(main())
    fetching
    ['image', 'image', 'image']
    """

    def __init__(self) -> None:
        self._under_way: dict[K, asyncio.Future[R] | None] = {}
        """A future only where somebody waits."""

    def __len__(self) -> int:
        """How many keys are under way."""
        return len(self._under_way)

    async def run(self, key: K, start: Callable[[], Awaitable[R]]) -> R:
        """Return what ``start()`` gives, or what the run for `key` gives that is under way already."""
        while key in self._under_way:
            other = self._under_way[key]
            if other is None:
                other = self._under_way[key] = asyncio.get_running_loop().create_future()
            await asyncio.wait((other,))
            if not other.cancelled():
                return other.result()
        self._under_way[key] = None
        try:
            result = await start()
        except Exception as error:
            if (waiting := self._under_way[key]) is not None:
                waiting.set_exception(error)
                waiting.exception()  # those who waited may have gone, and then it is no news
            raise
        else:
            if (waiting := self._under_way[key]) is not None:
                waiting.set_result(result)
            return result
        finally:
            if (waiting := self._under_way.pop(key)) is not None:
                waiting.cancel()
