"""What signing in needs beside the database session: keys, password hashing, and a unit of work of its own."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from app.kernel.db import Session
from app.kernel.id_tokens import IdentityProviders
from app.kernel.passwords import Passwords
from app.kernel.tokens import TokenKeys
from app.kernel.vault import Vault


@dataclass(frozen=True, slots=True)
class Keyring:
    """Handed to the commands of identity; made once in `main.create_app` and by the command line."""

    keys: TokenKeys
    passwords: Passwords
    vault: Vault
    providers: IdentityProviders
    independently: Callable[[], AbstractAsyncContextManager[Session]]
