"""Tokens: made, listed, revoked. The same for the server's own routes and for commands on a folder without one.

Of a secret only the SHA-256 is kept. It has 256 random bits, so nothing slower is needed.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from hashlib import sha256

from msgspec import Struct

from apitrail.server.problems import Problem
from apitrail.store.log import Store
from apitrail.store.model import Token

SCOPES = ("ingest", "read")
SECRET_PREFIX = "at_"  # noqa: S105 - by which scanners and people recognise one
NAME_LENGTH = 200

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = 43  # 62 ** 43 > 2 ** 256


class TokenWish(Struct, frozen=True):
    """The token that somebody wants."""

    scope: str = "ingest"
    name: str = ""


class TokenAnswer(Struct, frozen=True, kw_only=True):
    """A token as it may be shown."""

    id: str
    name: str
    scope: str
    created_at: datetime
    revoked_at: datetime | None

    @classmethod
    def of(cls, token: Token) -> TokenAnswer:
        """Without the digest."""
        return cls(
            id=token.id,
            name=token.name,
            scope=token.scope,
            created_at=token.created_at,
            revoked_at=token.revoked_at,
        )


class NewToken(Struct, frozen=True):
    """A token just made: the only time that its secret is seen."""

    secret: str
    token: TokenAnswer


class TokensAnswer(Struct, frozen=True):
    """All tokens, revoked ones too, oldest first."""

    tokens: list[TokenAnswer]


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return sha256(secret.encode()).hexdigest()


def create(store: Store, wish: TokenWish) -> NewToken:
    """Makes a token. Raises Problem for a scope or name that cannot be."""
    if wish.scope not in SCOPES:
        raise Problem("is not a scope", field="scope", value=wish.scope, fix=f"One of: {', '.join(SCOPES)}.")
    if len(wish.name) > NAME_LENGTH or not wish.name.isprintable():
        raise Problem(
            "is too long or not printable", field="name", value=wish.name, fix=f"Up to {NAME_LENGTH} characters."
        )
    secret = _new_secret()
    token = Token(
        id=secrets.token_hex(6),
        name=wish.name or wish.scope,
        scope=wish.scope,
        digest=digest(secret),
        created_at=datetime.now(UTC),
    )
    store.add_token(token)
    return NewToken(secret, TokenAnswer.of(token))


def listed(store: Store) -> TokensAnswer:
    """All tokens."""
    return TokensAnswer([TokenAnswer.of(token) for token in store.tokens()])


def revoke(store: Store, identifier: str) -> TokenAnswer:
    """Ends a token's rights; one revoked before stays as it was. Raises Problem where there is none."""
    known = {token.id: token for token in store.tokens()}
    if identifier not in known:
        raise Problem(
            "there is no such token",
            field="id",
            value=identifier,
            fix="`apitrail token list` shows the ids.",
            status=404,
        )
    if known[identifier].revoked_at is None:
        store.revoke_token(identifier, datetime.now(UTC))
        known = {token.id: token for token in store.tokens()}
    return TokenAnswer.of(known[identifier])


def _new_secret() -> str:
    number, digits = int.from_bytes(secrets.token_bytes(32), "big"), []
    for _ in range(_DIGITS):
        number, rest = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[rest])
    return SECRET_PREFIX + "".join(digits)
