"""Secrets that must be readable again, encrypted in the database under a key that lies beside it in a file."""

import os
import tempfile
from functools import cached_property
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class VaultClosed(Exception):
    """The secret was sealed under a key that is not here, or was changed."""


class Vault:
    """Keys of a directory (`*.key`, Fernet): the last by name seals, all open. The first is made when it is needed."""

    def __init__(self, directory: Path) -> None:
        """Read nothing yet."""
        self._directory = directory

    @cached_property
    def _keys(self) -> MultiFernet:
        self._directory.mkdir(parents=True, exist_ok=True)
        if not any(self._directory.glob("*.key")):
            _generate(self._directory / "0001.key")
        files = sorted(self._directory.glob("*.key"), reverse=True)
        return MultiFernet([Fernet(file.read_bytes().strip()) for file in files])

    def seal(self, secret: bytes) -> bytes:
        """Return the secret encrypted and authenticated."""
        return self._keys.encrypt(secret)

    def open(self, sealed: bytes) -> bytes:
        """Return the secret; raises VaultClosed."""
        try:
            return self._keys.decrypt(sealed)
        except InvalidToken:
            raise VaultClosed from None


def _generate(file: Path) -> None:
    handle, written = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # readable by its owner alone
    with os.fdopen(handle, "wb") as out:
        out.write(Fernet.generate_key())
    try:
        os.link(written, file)  # whole or not at all: who comes second never reads half a key
    except FileExistsError:
        pass
    finally:
        Path(written).unlink()
