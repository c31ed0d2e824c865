"""Running many coroutines at once, and one coroutine for many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Hashable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from xavatar.errors import ConfigError, SessionClosed

__all__ = ["SingleFlight", "cancel_and_wait", "completed", "each"]

T = TypeVar("T")
R = TypeVar("R")
K = TypeVar("K", bound=Hashable)

# Seconds a lane may go on without yielding, when its workers never have to wait.
_FAIR = 0.01


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
        for item in source:
            result = await _run(worker, item)
            if done is not None:
                done(item, result)
            if clock() - started > _FAIR:
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
    """Concurrent requests for one key share one task.

    Nothing is remembered: a request after the task ended starts a new one. A cancelled waiter
    leaves the others theirs; when the last one goes, the task is cancelled.

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
        self._flights: dict[K, _Flight[R]] = {}

    def __len__(self) -> int:
        """How many keys are under way."""
        return len(self._flights)

    async def run(self, key: K, start: Callable[[], Coroutine[Any, Any, R]]) -> R:
        """Return what the task for `key` returns, starting it by `start` if none is under way."""
        flight = self._flights.get(key) or self._launch(key, start)
        flight.waiters += 1
        try:
            await asyncio.wait((flight.task,))
        finally:
            flight.waiters -= 1
            if not flight.waiters and not flight.task.done():
                self._landed(key, flight)
                await cancel_and_wait(flight.task)
        return flight.task.result()

    async def close(self) -> None:
        """Cancel what is under way; its waiters are cancelled with it."""
        await cancel_and_wait(*(flight.task for flight in self._flights.values()))

    def _launch(self, key: K, start: Callable[[], Coroutine[Any, Any, R]]) -> _Flight[R]:
        flight = self._flights[key] = _Flight(asyncio.create_task(start()))
        flight.task.add_done_callback(lambda _: self._landed(key, flight))
        return flight

    def _landed(self, key: K, flight: _Flight[R]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]


class _Flight(Generic[R]):
    __slots__ = ("task", "waiters")

    def __init__(self, task: asyncio.Task[R]) -> None:
        self.task = task
        self.waiters = 0
