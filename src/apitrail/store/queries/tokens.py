"""Rights to write or read. A token's row is never changed: a revoked one has a second row of a higher version."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from apitrail.store.engine import Query
from apitrail.store.model import Token
from apitrail.store.times import instant, micros

TOKENS = Query(
    "SELECT id, name, scope, digest, toUnixTimestamp64Micro(created_at), toUnixTimestamp64Micro(revoked_at)"
    " FROM tokens FINAL ORDER BY created_at, id",
    first=True,
)


def add(token: Token) -> Query:
    """Version 1."""
    return Query(
        "INSERT INTO tokens (id, name, scope, digest, created_at, version)"
        " SELECT {id:String}, {name:String}, {scope:String}, {digest:String},"
        " fromUnixTimestamp64Micro({created_at:Int64}), 1",
        {
            "id": token.id,
            "name": token.name,
            "scope": token.scope,
            "digest": token.digest,
            "created_at": micros(token.created_at),
        },
    )


def revoke(token_id: str, at: datetime) -> Query:
    """Version 2; the first time that is told stays."""
    return Query(
        "INSERT INTO tokens SELECT id, name, scope, digest, created_at, fromUnixTimestamp64Micro({at:Int64}), 2"
        " FROM tokens FINAL WHERE id = {id:String} AND revoked_at IS NULL",
        {"id": token_id, "at": micros(at)},
    )


def read(rows: Sequence[Sequence[Any]]) -> list[Token]:
    """The answer, oldest first."""
    return [
        Token(
            id=token_id,
            name=name,
            scope=scope,
            digest=digest,
            created_at=instant(created_at),
            revoked_at=None if revoked_at is None else instant(revoked_at),
        )
        for token_id, name, scope, digest, created_at, revoked_at in rows
    ]
