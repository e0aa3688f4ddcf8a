"""The log on a data folder, as the commands reach it: through the server that runs on it, or by opening it.

One process owns a folder. So a command first asks at the socket; where nobody answers it opens the folder, and where
that is taken after all, a server is just starting, and is waited for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Protocol

import msgspec

from apitrail.cli.connection import Connection, to_folder
from apitrail.recorder.redact import Redactor
from apitrail.registration import Registration
from apitrail.server import backups, folder, pins
from apitrail.server.backups import BackupAnswer, BackupWish
from apitrail.server.batch import MESSAGEPACK
from apitrail.server.digest import Deriver
from apitrail.server.entries import entries, find
from apitrail.server.intake import Accepted, Intake
from apitrail.server.masking import fingerprint_key, redactor
from apitrail.server.pins import PinAnswer, PinsAnswer, PinWish
from apitrail.server.registry import RegistrationsAnswer, Registry, read_wishes, register, registered
from apitrail.server.settings import Settings
from apitrail.server.shapes import EntriesAnswer, EntryAnswer, entry_answer
from apitrail.server.tokens import NewToken, TokenAnswer, TokensAnswer, TokenWish, create, listed, revoke
from apitrail.server.usage import StorageAnswer, storage
from apitrail.store import FolderInUse, Store, Writer, open_store

INTEGRATIONS = "/api/v1/integrations"
ENTRIES = "/api/v1/entries"
_STARTING_S = 30.0
_POLL_S = 0.1


class Log(Protocol):
    """What the commands do with a log."""

    def create_token(self, scope: str, name: str) -> NewToken:
        """Raises Problem for a scope or name that cannot be."""

    def tokens(self) -> list[TokenAnswer]:
        """All of them, oldest first."""

    def revoke_token(self, token_id: str) -> TokenAnswer:
        """Raises Problem where there is no such token."""

    def register(self, document: bytes) -> list[Registration]:
        """Registers the integrations of a JSON document. Raises Problem naming the field that cannot be."""

    def registrations(self) -> list[Registration]:
        """The registered integrations, by side and id."""

    def add(self, batch: bytes) -> Accepted:
        """Stores a batch in MessagePack; returns when it is durable."""

    def entries(self, query: str) -> EntriesAnswer:
        """A page of entries, as the API's query string asks for them. Raises Problem for what cannot be read."""

    def entry(self, entry_id: str) -> EntryAnswer:
        """One entry, whole. Raises Problem where there is none."""

    def pins(self) -> list[PinAnswer]:
        """The pinned references, oldest first."""

    def pin(self, wish: PinWish) -> PinAnswer:
        """Pins a reference. Raises Problem for what is none."""

    def unpin(self, wish: PinWish) -> list[PinAnswer]:
        """Lets a reference go; what is pinned then. Raises Problem or StoreError."""

    def storage(self, days: int) -> StorageAnswer:
        """What the log takes, and who sent it in the last `days` days."""

    def begin_backup(self, wish: BackupWish) -> BackupAnswer:
        """Starts a backup of the log as it is now. Raises Problem, StoreError."""

    def look_at_backup(self, backup: BackupAnswer) -> BackupAnswer:
        """How far it is. Raises Problem or StoreError where it failed."""


@contextmanager
def opened(settings: Settings, *, make: bool = False) -> Iterator[Log]:
    """The log, for as long as the block lasts; with `make` a new one where there is none.

    Raises Problem, StoreError.
    """
    if make:
        folder.prepare(settings.data)
    deadline = time.monotonic() + _STARTING_S
    while True:
        if connection := to_folder(settings.data):
            try:
                yield RunningServer(connection)
            finally:
                connection.close()
            return
        if not make and not settings.store:
            folder.demand(settings.data)
        try:
            store = open_store(settings.store or settings.data, memory_limit=settings.memory)
        except FolderInUse:
            # A server that starts or stops holds the folder before and after it answers.
            if time.monotonic() > deadline:
                raise
            time.sleep(_POLL_S)
            continue
        with ExitStack() as stack:
            stack.callback(store.close)
            yield OpenFolder(store, settings, stack)
        return


class RunningServer:
    """The log of a server that runs."""

    def __init__(self, connection: Connection, prefix: str = "/admin") -> None:
        self._connection = connection
        self._prefix = prefix

    def create_token(self, scope: str, name: str) -> NewToken:
        """See Log."""
        body = msgspec.json.encode(TokenWish(scope, name))
        return self._connection.call("POST", f"{self._prefix}/tokens", NewToken, body)

    def tokens(self) -> list[TokenAnswer]:
        """See Log."""
        return self._connection.call("GET", f"{self._prefix}/tokens", TokensAnswer).tokens

    def revoke_token(self, token_id: str) -> TokenAnswer:
        """See Log."""
        return self._connection.call("POST", f"{self._prefix}/tokens/{token_id}/revoke", TokenAnswer)

    def register(self, document: bytes) -> list[Registration]:
        """See Log."""
        return self._connection.call("PUT", INTEGRATIONS, RegistrationsAnswer, document).integrations

    def registrations(self) -> list[Registration]:
        """See Log."""
        return self._connection.call("GET", INTEGRATIONS, RegistrationsAnswer).integrations

    def add(self, batch: bytes) -> Accepted:
        """See Log."""
        return self._connection.call("POST", f"{self._prefix}/exchanges", Accepted, batch, MESSAGEPACK)

    def entries(self, query: str) -> EntriesAnswer:
        """See Log."""
        return self._connection.call("GET", ENTRIES, EntriesAnswer, query=query)

    def entry(self, entry_id: str) -> EntryAnswer:
        """See Log."""
        return self._connection.call("GET", f"{ENTRIES}/{entry_id}", EntryAnswer)

    def pins(self) -> list[PinAnswer]:
        """See Log."""
        return self._connection.call("GET", f"{self._prefix}/pins", PinsAnswer).pins

    def pin(self, wish: PinWish) -> PinAnswer:
        """See Log."""
        return self._connection.call("POST", f"{self._prefix}/pins", PinAnswer, msgspec.json.encode(wish))

    def unpin(self, wish: PinWish) -> list[PinAnswer]:
        """See Log."""
        return self._connection.call("POST", f"{self._prefix}/pins/remove", PinsAnswer, msgspec.json.encode(wish)).pins

    def storage(self, days: int) -> StorageAnswer:
        """See Log."""
        return self._connection.call("GET", f"{self._prefix}/stats/{days}", StorageAnswer)

    def begin_backup(self, wish: BackupWish) -> BackupAnswer:
        """See Log."""
        return self._connection.call("POST", f"{self._prefix}/backups", BackupAnswer, msgspec.json.encode(wish))

    def look_at_backup(self, backup: BackupAnswer) -> BackupAnswer:
        """See Log."""
        return self._connection.call("GET", f"{self._prefix}/backups/{backup.id}/{backup.name}", BackupAnswer)


class OpenFolder:
    """The log of a folder that no server uses."""

    def __init__(self, store: Store, settings: Settings, stack: ExitStack) -> None:
        self._store = store
        self._settings = settings
        self._stack = stack
        self._intake: Intake | None = None

    def create_token(self, scope: str, name: str) -> NewToken:
        """See Log."""
        return create(self._store, TokenWish(scope, name))

    def tokens(self) -> list[TokenAnswer]:
        """See Log."""
        return listed(self._store).tokens

    def revoke_token(self, token_id: str) -> TokenAnswer:
        """See Log."""
        return revoke(self._store, token_id)

    def register(self, document: bytes) -> list[Registration]:
        """See Log."""
        return register(self._store, Redactor(self._key()), read_wishes(document)).integrations

    def registrations(self) -> list[Registration]:
        """See Log."""
        return registered(self._store).integrations

    def add(self, batch: bytes) -> Accepted:
        """See Log."""
        if self._intake is None:
            self._intake = self._open_intake()
        read, written = self._intake.submit(batch, MESSAGEPACK)
        return Accepted.of(read, None if written is None else written.result())

    def entries(self, query: str) -> EntriesAnswer:
        """See Log."""
        return entries(self._store, query.encode())

    def entry(self, entry_id: str) -> EntryAnswer:
        """See Log."""
        return entry_answer(find(self._store, entry_id))

    def pins(self) -> list[PinAnswer]:
        """See Log."""
        return pins.listed(self._store).pins

    def pin(self, wish: PinWish) -> PinAnswer:
        """See Log."""
        return pins.put(self._store, wish)

    def unpin(self, wish: PinWish) -> list[PinAnswer]:
        """See Log."""
        return pins.remove(self._store, wish).pins

    def storage(self, days: int) -> StorageAnswer:
        """See Log."""
        return storage(self._store, self._settings, days)

    def begin_backup(self, wish: BackupWish) -> BackupAnswer:
        """See Log."""
        return backups.begin(self._store, wish)

    def look_at_backup(self, backup: BackupAnswer) -> BackupAnswer:
        """See Log."""
        return backups.look(self._store, backup.id, backup.name)

    def _open_intake(self) -> Intake:
        from apitrail.server.known import load_profiles

        profiles = load_profiles(self._settings)
        writer = Writer(self._store)
        self._stack.callback(writer.close)
        registry = Registry(self._store, profiles)
        settings = self._settings
        deriver = Deriver(
            profiles,
            redactor(self._key(), profiles),
            max_batch=settings.max_batch,
            max_exchanges=settings.max_exchanges,
        )
        return Intake(writer, deriver, registry.current)

    def _key(self) -> bytes:
        folder.prepare(self._settings.data)  # with `store` elsewhere it may not be there yet
        return fingerprint_key(self._settings.data, self._settings.fingerprint_key_file)
