"""A pseudo terminal as the firmware's modem tasks have a UART; MicroPython only."""

import uselect


class Pty:
    def __init__(self, path):
        self._file = open(path, "r+b")  # noqa: SIM115 - for the life of the process
        self._poller = uselect.poll()
        self._poller.register(self._file, uselect.POLLIN)
        self._byte = bytearray(1)

    def any(self):
        for _, event in self._poller.poll(0):
            if event & uselect.POLLIN:
                return 1
        return 0

    def readinto(self, buffer):
        count = 0
        while count < len(buffer) and self.any():
            if not self._file.readinto(self._byte):
                break
            buffer[count] = self._byte[0]
            count += 1
        return count or None

    def write(self, data):
        return self._file.write(data)
