"""What a vending tool could not do, and the exit code of the program for it."""


class VendError(Exception):
    """A bad file, key, value or message; the text says which and why."""

    exit_code = 2


class Refused(VendError):
    """The meter's receipt proves that it did not do it."""

    exit_code = 3


class NotConfirmed(VendError):
    """It was sent, and no receipt says what became of it: it may be done yet."""

    exit_code = 4


class BrokerError(VendError):
    """The broker could not be reached, or would not; nothing was sent."""

    exit_code = 5
