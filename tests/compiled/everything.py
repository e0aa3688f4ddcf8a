"""What all samples of all profiles become, and what the store is handed of it, as bytes on standard output.

    python -m tests.compiled.everything [compiled]

With `compiled`, by the compiled modules, of which all must be there.
"""

from __future__ import annotations

import importlib
import sys
from datetime import UTC, datetime

import msgspec

from apitrail import compiled


def main() -> None:
    """The program."""
    wanted = sys.argv[1:] == ["compiled"]
    assert not wanted or compiled.use()

    from apitrail.entry import Incoming
    from apitrail.profiles import Profiles
    from apitrail.profiles.catalogue import HERE
    from apitrail.profiles.samples import read_sample
    from apitrail.server.identity import Namer
    from apitrail.store.encoding import encode

    for name in compiled.MODULES:
        importlib.import_module(name)
    assert compiled.in_use() == (len(compiled.MODULES) if wanted else 0)
    profiles, namer = Profiles.load(), Namer()
    received = datetime(2026, 1, 2, tzinfo=UTC)
    for file in sorted((HERE / "platforms").glob("*/samples/*.http")):
        exchange = read_sample(file).exchange
        exchange.id = namer.name(exchange)
        entry = profiles.entry(exchange, received_at=received)
        derived = profiles.derive(exchange)
        sys.stdout.buffer.write(msgspec.json.encode((file.stem, entry, derived)) + b"\n")
        sys.stdout.buffer.write(encode([Incoming.of(entry)]).data + b"\n")


main()
