"""The one error of the image tools: a sentence for the person at the keyboard."""


class ImageError(Exception):
    """What cannot be built or flashed: names the thing, its value and the rule it breaks."""
