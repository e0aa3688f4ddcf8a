"""Apitrail, everything on: both bodies captured, redacted, spooled and shipped to a server that is away."""

import sys
import tempfile

import apitrail
from bench.caller import calls

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as spool:
        apitrail.configure(url="http://127.0.0.1:9", token="bench", spool=spool, flush_at_exit=0)
        apitrail.instrument(calls.library())
        with (
            apitrail.integration(ec="shopee-tw-01", name="Shopee TW", platform="shopee"),
            apitrail.action("stock.push", source=("product", "SKU-1")),
        ):
            calls.run()
        sys.stdout.flush()
