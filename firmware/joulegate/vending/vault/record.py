"""A record of storage's, with its fields and checks, kept in a vault in place of its own file."""

from joulegate.vending.vault import VaultError


class VaultRecord:
    """What a KeyStore needs of a Record."""

    def __init__(self, vault: object, name: str, record: object) -> None:
        """vault: see joulegate.vending.vault. record: storage's Record, of which
        no file is touched."""
        self._vault = vault
        self._name = name
        self._record = record

    def load(self) -> dict:
        """Return the values; OSError, ValueError."""
        record = self._record
        data = self._vault.read(self._name)
        if len(data) != len(record.buffer):
            raise VaultError("%s: %d bytes long, must be %d" % (
                self._name, len(data), len(record.buffer)))
        record.buffer[:] = data
        return record.unpack()

    def replace(self, owners: dict) -> None:
        """Put the owners' values in place of those there are; OSError, and those hold."""
        record = self._record
        if not record.sequence:
            try:
                self.load()  # the new one must be told from what is there
            except (OSError, ValueError):
                pass
        record.sequence += 1
        record.pack(owners)
        self._vault.write(self._name, record.buffer)
