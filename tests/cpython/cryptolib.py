"""Stand-in for MicroPython's `cryptolib`: AES in ECB and CBC, as `cryptography` does it.

Like there, an object goes one way only, the first asked, and CBC goes on from call to call.
"""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

MODE_ECB = 1
MODE_CBC = 2


class aes:  # noqa: N801
    def __init__(self, key, mode, iv=None):
        if mode not in (MODE_ECB, MODE_CBC):
            raise ValueError("mode")
        self._cipher = Cipher(
            algorithms.AES(bytes(key)), modes.ECB() if mode == MODE_ECB else modes.CBC(bytes(iv)))
        self._way = None
        self._context = None

    def encrypt(self, data, out=None):
        return self._work("encryptor", data, out)

    def decrypt(self, data, out=None):
        return self._work("decryptor", data, out)

    def _work(self, way, data, out):
        if self._way is None:
            self._way = way
            self._context = getattr(self._cipher, way)()
        if self._way != way:
            raise ValueError("can't encrypt & decrypt")
        if len(data) % 16:
            raise ValueError("blksize % 16")
        result = self._context.update(bytes(data))
        if out is None:
            return result
        out[:len(result)] = result
        return out
