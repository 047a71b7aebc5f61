"""Task and TaskQueue for asyncio on the simulated clock.

The interpreter's own pair is written in C and stamps a task that becomes ready with the real
ticks of the host. On a clock that jumps or runs fast such a stamp always lies in the past, so
that ready tasks would overtake timers that fell due before them (two tasks that keep waking each
other would starve every timer), and the order of a run would hang on the speed of the host. Here
a ready task is stamped with simulated time and equal stamps keep their order, so a run repeats.

The interface is the one asyncio.core expects of the module `_asyncio`.
"""

from time import ticks_diff, ticks_ms

_context = None  # globals of asyncio.core: cur_task, _task_queue, CancelledError


class TaskQueue:
    """Tasks by the tick they are due at; a meter has a dozen, so a plain list is fastest."""

    def __init__(self) -> None:
        self._tasks = []

    def peek(self) -> object:
        tasks = self._tasks
        return tasks[0] if tasks else None

    def push(self, task: object, due: int | None = None) -> None:
        """Add a task, due now unless told otherwise, behind those due at the same tick."""
        if due is None:
            due = ticks_ms()
        task.data = None
        task.ph_key = due
        tasks = self._tasks
        i = len(tasks)
        while i and ticks_diff(tasks[i - 1].ph_key, due) > 0:
            i -= 1
        tasks.insert(i, task)

    def pop(self) -> object:
        if not self._tasks:
            raise IndexError("empty heap")
        return self._tasks.pop(0)

    def remove(self, task: object) -> None:
        self._tasks.remove(task)


class Task:
    """A coroutine being run. `state` is True while it runs and nobody waits, a TaskQueue of
    those waiting, a callback, None when it ended unnoticed and False when its end was noticed.
    """

    def __init__(self, coro: object, context: dict | None = None) -> None:
        global _context
        self.coro = coro
        self.data = None
        self.state = True
        self.ph_key = 0
        if context is not None:
            _context = context

    def __iter__(self) -> object:
        if not self.state:
            self.state = False
        elif self.state is True:
            self.state = TaskQueue()
        elif not isinstance(self.state, TaskQueue):
            raise RuntimeError("can't wait")
        return self

    def __next__(self) -> None:
        if not self.state:
            raise self.data
        current = _context["cur_task"]
        self.state.push(current)
        current.data = self

    def done(self) -> bool:
        return not self.state

    def cancel(self) -> bool:
        if not self.state:
            return False
        if self is _context["cur_task"]:
            raise RuntimeError("can't cancel self")
        task = self
        while isinstance(task.data, Task):
            task = task.data
        queue = _context["_task_queue"]
        if hasattr(task.data, "remove"):
            task.data.remove(task)
            queue.push(task)
        elif ticks_diff(task.ph_key, ticks_ms()) > 0:
            queue.remove(task)
            queue.push(task)
        task.data = _context["CancelledError"]
        return True
