"""Where the bytes of files lie: a directory of this machine, or a bucket that speaks S3."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Self

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

CHUNK_BYTES = 1024 * 1024
PATIENCE_SECONDS = 10.0
"""How long a caller waits for the store to take, to begin to give or to remove an object, its repetitions with it.

obstore's own timeout (`client_options`) counts until the last byte is read: a slow phone would not get a large file.
"""


class ContentMissing(LookupError):
    """The store does not hold the key, cannot be reached, or does not answer in time."""


class DocumentStore:
    """Objects under random keys, written once and never changed."""

    def __init__(self, objects: ObjectStore, *, patience: float = PATIENCE_SECONDS) -> None:
        """Take an obstore store; it is not asked for anything yet."""
        self._objects = objects
        self._patience = patience

    @classmethod
    def open(cls, url: str | None, *, directory: Path, patience: float = PATIENCE_SECONDS) -> Self:
        """Return the bucket of `s3://bucket/prefix`, or without a URL the directory, made if it is not there.

        Region, endpoint and credentials of a bucket come from obstore's own `AWS_…` environment.
        """
        if url is None:
            return cls(LocalStore(directory, automatic_cleanup=False, mkdir=True), patience=patience)
        return cls(from_url(url), patience=patience)

    async def write(self, key: str, content: bytes) -> None:
        """Write a new object; when this returns, the store has all of it. Raises ContentMissing."""
        try:
            async with asyncio.timeout(self._patience):
                await obstore.put_async(self._objects, key, content, mode="overwrite")
        except (BaseError, OSError) as error:
            raise ContentMissing(key) from error

    async def read(self, key: str) -> bytes:
        """Return the whole object; raises ContentMissing where it is not there, else what the store does."""
        try:
            found = await obstore.get_async(self._objects, key)
            return bytes(await found.bytes_async())
        except FileNotFoundError as error:
            raise ContentMissing(key) from error

    async def stream(self, key: str, *, start: int, end: int) -> AsyncIterator[bytes]:
        """Return the bytes from `start` up to, not with, `end` in pieces of about 1 MiB; raises ContentMissing."""
        try:
            async with asyncio.timeout(self._patience):
                found = await obstore.get_async(self._objects, key, options={"range": (start, end)})
        except (BaseError, OSError) as error:
            raise ContentMissing(key) from error
        return _pieces(found.stream(min_chunk_size=CHUNK_BYTES))

    async def remove(self, key: str) -> None:
        """Remove the object; one that is not there is no error."""
        with suppress(FileNotFoundError):
            async with asyncio.timeout(self._patience):
                await obstore.delete_async(self._objects, key)

    async def older_than(self, instant: datetime) -> AsyncIterator[list[str]]:
        """Yield the keys last written before an instant, in batches of up to 1,000."""
        async for batch in obstore.list(self._objects, chunk_size=1_000):
            yield [found["path"] for found in batch if found["last_modified"] < instant]


async def _pieces(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in stream:
        yield bytes(piece)
