"""Logfire's httpx instrumentation with bodies captured, sending nowhere: the peer that does what we do."""

from __future__ import annotations

import sys

import logfire

from bench.caller import calls

if __name__ == "__main__":
    logfire.configure(send_to_logfire=False, console=False)
    if calls.library() == "httpx":
        logfire.instrument_httpx(capture_all=True)
    else:
        logfire.instrument_requests()  # takes no bodies
    calls.run()
    sys.stdout.flush()
