"""What the commands ask of a running server, by the Unix socket in its data folder alone.

Who can open that socket could open the folder itself; over TCP these addresses do not exist.
"""

from __future__ import annotations

import anyio
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from apitrail.server import backups, pins
from apitrail.server.access import SOCKET, Tokens
from apitrail.server.answers import AnyRequest
from apitrail.server.backups import BackupAnswer, BackupWish
from apitrail.server.ingest import Ingest
from apitrail.server.intake import Accepted
from apitrail.server.pins import PinAnswer, PinsAnswer, PinWish
from apitrail.server.settings import Settings
from apitrail.server.tokens import NewToken, TokenAnswer, TokensAnswer, TokenWish, create, listed, revoke
from apitrail.server.usage import StorageAnswer, storage
from apitrail.store import Store


@post("/tokens", status_code=200)
async def create_token(
    data: JSONBody[TokenWish], store: NamedDependency[Store], tokens: NamedDependency[Tokens]
) -> NewToken:
    """Makes a token."""
    made = await anyio.to_thread.run_sync(create, store, data)
    tokens.forget()
    return made


@get("/tokens", sync_to_thread=True)
def list_tokens(store: NamedDependency[Store]) -> TokensAnswer:
    """Lists tokens."""
    return listed(store)


@post("/tokens/{token_id:str}/revoke", status_code=200)
async def revoke_token(
    token_id: FromPath[str], store: NamedDependency[Store], tokens: NamedDependency[Tokens]
) -> TokenAnswer:
    """Revokes a token."""
    revoked = await anyio.to_thread.run_sync(revoke, store, token_id)
    tokens.forget()
    return revoked


@post("/exchanges", status_code=200, request_max_body_size=None)
async def import_exchanges(request: AnyRequest, ingest: NamedDependency[Ingest]) -> Accepted:
    """Takes a batch without a token."""
    return await ingest.receive(request)


@post("/backups", status_code=200, sync_to_thread=True)
def begin_backup(data: JSONBody[BackupWish], store: NamedDependency[Store]) -> BackupAnswer:
    """Starts a backup."""
    return backups.begin(store, data)


@get("/backups/{identity:str}/{name:str}", sync_to_thread=True)
def look_at_backup(identity: FromPath[str], name: FromPath[str], store: NamedDependency[Store]) -> BackupAnswer:
    """How far a backup is."""
    return backups.look(store, identity, name)


@get("/pins", sync_to_thread=True)
def list_pins(store: NamedDependency[Store]) -> PinsAnswer:
    """Lists the pinned references."""
    return pins.listed(store)


@post("/pins", status_code=200, sync_to_thread=True)
def put_pin(data: JSONBody[PinWish], store: NamedDependency[Store]) -> PinAnswer:
    """Pins a reference."""
    return pins.put(store, data)


@post("/pins/remove", status_code=200, sync_to_thread=True)
def remove_pin(data: JSONBody[PinWish], store: NamedDependency[Store]) -> PinsAnswer:
    """Lets a reference go."""
    return pins.remove(store, data)


@get("/stats/{days:int}", sync_to_thread=True)
def stats(days: FromPath[int], store: NamedDependency[Store], settings: NamedDependency[Settings]) -> StorageAnswer:
    """What the log takes."""
    return storage(store, settings, days)


routes = Router(
    "/admin",
    route_handlers=[
        create_token,
        list_tokens,
        revoke_token,
        import_exchanges,
        begin_backup,
        look_at_backup,
        list_pins,
        put_pin,
        remove_pin,
        stats,
    ],
    opt={"access": SOCKET},
    include_in_schema=False,
)
