"""umqtt.simple, with a packet socket in place of the network.

Works with the package of PyPI (1.3.4) and with the one of micropython-lib (1.8.0). Both import
a socket module, which a board without a network of its own does not have.
"""

import sys

_NAMES = ("socket", "usocket")


def load(packet_socket: object) -> object:
    """Import umqtt.simple and return the module; its `socket` is the packet socket.

    ImportError when the package is not on the meter.
    """
    for name in _NAMES:
        try:
            __import__(name)
        except ImportError:
            sys.modules[name] = packet_socket
    from umqtt import simple
    module: object = simple
    module.socket = packet_socket
    return module
