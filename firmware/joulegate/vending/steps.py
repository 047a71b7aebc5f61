"""Work in steps, between which others have the processor.

A piece of work is a generator: it yields after each step the name of the flash that the step may
have written, "" for computing alone, and returns what the work comes to. There is one such
generator for each thing to be done; whoever has time has `finish` run it to its end.
"""

DEED = "deed"
"""What a message asks for: journal, account, ledger, in one step that nothing interrupts."""
SUPPLY = "supply"
"""The tick that brings supply back."""
NUMBER = "number"
"""A lease of message numbers, once in 256."""


def finish(steps: object) -> object:
    """Do all the steps of a generator at once; return what they come to."""
    try:
        while True:
            next(steps)
    except StopIteration as e:
        return e.value


class Work:
    """A piece of work that one party has begun, and another may have to bring to its end."""

    def __init__(self, steps: object) -> None:
        """steps: the generator."""
        self._steps = steps
        self._error: BaseException | None = None
        self.done = False
        self.answer: object = None
        """What it came to, once `done`."""

    def step(self) -> str:
        """Do one step; return the name of its flash, "" for computing. Raises what the work
        raises, also when it was somebody else's step that did."""
        if self.done:
            if self._error is not None:
                raise self._error
            return ""
        try:
            return next(self._steps)
        except StopIteration as e:
            self.done = True
            self.answer = e.value
        except BaseException as e:
            self.done = True
            self._error = e
            raise
        return ""

    def finish(self) -> object:
        """Do all steps that are left at once; return the answer."""
        self.step()
        while not self.done:
            self.step()
        return self.answer

    def drop(self) -> None:
        """Leave it where it is, as a cut of the power would."""
        if not self.done:
            self._steps.close()
            self.done = True
            self._error = RuntimeError("work: was given up")
