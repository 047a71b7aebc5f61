"""What stands for the stream of a modem that is used for PPP and messages alone."""


class NoStream:
    """Answers the modem's task as a ModemTransport that nobody ever wants anything of."""

    attached = wanted = due = opening = False
    received = 0

    def __init__(self) -> None:
        self.rssi: int | None = None

    def begin(self) -> None:
        """Nothing waits for it."""

    def fail(self, problem: str, forgotten: bool) -> None:
        """Nothing ends by it."""

    def heard(self, notice: int) -> None:
        """There is no stream that a notice may be of."""

    def look(self) -> None:
        """There is nothing to be read."""
