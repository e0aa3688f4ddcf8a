"""The small mutable state that lies in the log's own engine, so that all servers of a cluster share it and nothing else
has to be run or backed up: tokens, registered integrations, pins, shared views. A row is never changed; a newer one
stands for it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime

from apitrail.registration import Registration
from apitrail.store.engine import Engine
from apitrail.store.model import Pin, StoreError, Token, View
from apitrail.store.queries import pins, registrations, tokens, views
from apitrail.store.times import micros


class State:
    """The part of `Store` that keeps it."""

    engine: Engine
    _writing: threading.Lock

    def add_token(self, token: Token) -> None:
        """Keep a token. Raises StoreError where its id is taken: a revoked token must stay so."""
        with self._writing:
            if any(other.id == token.id for other in self.tokens()):
                raise StoreError(f"token {token.id}: a token with this id already exists. Create one with another id")
            self.engine.run(tokens.add(token))
            if token.revoked_at is not None:
                self.engine.run(tokens.revoke(token.id, token.revoked_at))

    def tokens(self) -> list[Token]:
        """All tokens, revoked ones too, oldest first."""
        return tokens.read(self.engine.select(tokens.TOKENS).rows)

    def revoke_token(self, token_id: str, at: datetime) -> None:
        """End a token's right. Once revoked, the first time stays. Raises StoreError for an unknown id."""
        with self._writing:
            if not any(token.id == token_id for token in self.tokens()):
                raise StoreError(f"token {token_id}: no token has this id. List the tokens to see their ids")
            self.engine.run(tokens.revoke(token_id, at))

    def registrations(self) -> list[Registration]:
        """The integrations that the host system registered, by side and id."""
        return registrations.read(self.engine.select(registrations.REGISTRATIONS).rows)

    def register(self, changed: Sequence[Registration]) -> None:
        """Keep these in the place of what was registered by the same side and id. Raises StoreError."""
        if not changed:
            return
        with self._writing:
            [[latest]] = self.engine.select(registrations.LATEST).rows
            version = max(micros(datetime.now(UTC)), latest + 1)  # the clock may have been set back
            self.engine.insert("integrations", registrations.COLUMNS, [registrations.rows(changed, version)])

    def pins(self) -> list[Pin]:
        """The references that are pinned, oldest first."""
        return pins.read(self.engine.select(pins.PINS).rows)

    def pin(self, kind: str, identity: str, note: str) -> Pin:
        """Keep what refers to this. Pinning it again changes the note."""
        at = datetime.now(UTC)
        with self._writing:
            made = Pin(kind, identity, note, at)
            self.engine.run(pins.put(made, at, removed=False))
        return made

    def unpin(self, kind: str, identity: str) -> bool:
        """Let it go. False where it is not pinned."""
        with self._writing:
            found = [one for one in self.pins() if (one.type, one.id) == (kind, identity)]
            if found:
                self.engine.run(pins.put(found[0], datetime.now(UTC), removed=True))
            return bool(found)

    def views(self) -> list[View]:
        """The shared views, by name."""
        return views.read(self.engine.select(views.VIEWS).rows)

    def keep_view(self, name: str, query: str) -> None:
        """Keep it in the place of one of the same name."""
        with self._writing:
            self._put_view(View(name, query, datetime.now(UTC)))

    def forget_view(self, name: str) -> bool:
        """Let it go. False where there is none of that name."""
        with self._writing:
            found = [one for one in self.views() if one.name == name]
            for one in found:
                self._put_view(one, removed_at=datetime.now(UTC))
        return bool(found)

    def _put_view(self, view: View, removed_at: datetime | None = None) -> None:
        [[latest]] = self.engine.select(views.LATEST).rows
        version = max(micros(datetime.now(UTC)), latest + 1)  # the clock may have been set back
        self.engine.run(views.put(view, version, removed_at))
