"""Bytes on their way, in a buffer made once."""


class ByteQueue:
    """First in, first out. What `free` gave stays good while others take, but not put."""

    def __init__(self, size: int) -> None:
        self._buffer = bytearray(size)
        self._view = memoryview(self._buffer)
        self._first = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def room(self) -> int:
        return len(self._buffer) - self._count

    def put(self, data: object) -> int:
        """Copy as much as there is room for; return how much."""
        view = memoryview(data)
        done = 0
        while done < len(view):
            free = self.free()
            part = min(len(free), len(view) - done)
            if not part:
                break
            free[:part] = view[done:done + part]
            self.added(part)
            done += part
        return done

    def take(self, into: object) -> int:
        """Move as much as there is and fits into a buffer; return how much."""
        view = memoryview(into)
        done = 0
        while done < len(view) and self._count:
            first = self.first(len(view) - done)
            view[done:done + len(first)] = first
            done += len(first)
            self.drop(len(first))
        return done

    def free(self) -> object:
        """Return a memoryview of free bytes in one piece; `added` says how many were filled."""
        if not self._count:
            self._first = 0  # the largest piece there is
        end = self._first + self._count
        size = len(self._buffer)
        if end < size:
            return self._view[end:]
        return self._view[end - size:self._first]

    def added(self, count: int) -> None:
        self._count += count

    def first(self, most: int) -> object:
        """Return a memoryview of the oldest bytes in one piece, at most `most`; they stay."""
        end = min(self._first + min(self._count, most), len(self._buffer))
        return self._view[self._first:end]

    def drop(self, count: int) -> None:
        """Forget the oldest bytes."""
        self._count -= count
        self._first = (self._first + count) % len(self._buffer)

    def clear(self) -> None:
        self._first = self._count = 0
