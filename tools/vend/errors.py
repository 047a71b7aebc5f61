"""What a vending tool could not do."""


class VendError(Exception):
    """A bad file, key, value or message; the text says which and why."""
