"""What goes wrong on the way to the network."""


class LinkError(Exception):
    """The text names what failed: the part, what was asked of it, and what came."""
