"""Losses are counted, from wherever they come, and nothing of ours is ever raised."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest

from apitrail.recorder import losses
from apitrail.recorder.losses import Ledger, lose, never_raise


@pytest.fixture(autouse=True)
def fresh_ledger() -> None:
    losses.begin_anew()


def test_losses_of_one_reason_are_added_up_with_their_times() -> None:
    ledger = Ledger()
    ledger.note("refused", 2, "first")
    ledger.note("refused", text="second")
    (tally,) = ledger.unreported()
    assert (tally.reason, tally.count, tally.text) == ("refused", 3, "first")
    assert 0 < tally.first_ns <= tally.last_ns


def test_what_was_reported_is_not_reported_again_and_what_came_meanwhile_is() -> None:
    ledger = Ledger()
    ledger.note("refused")
    tallies = ledger.unreported()
    ledger.note("refused")
    ledger.reported(tallies)
    assert [tally.count for tally in ledger.unreported()] == [1]
    ledger.reported(ledger.unreported())
    assert ledger.unreported() == []
    ledger.note("refused")
    assert [tally.count for tally in ledger.unreported()] == [1]
    assert ledger.counts() == {"refused": 3}


def test_threads_that_count_at_once_lose_no_count() -> None:
    ledger = Ledger()

    def counting() -> None:
        for _ in range(2000):
            ledger.note("x")

    threads = [threading.Thread(target=counting) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.counts() == {"x": 16000}


def test_each_reason_is_said_once_and_by_class_only(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "apitrail"):
        for _ in range(3):
            lose("capture_failed", ValueError("s3cr3t"))
    assert len(caplog.records) == 1
    assert "builtins.ValueError" in caplog.text
    assert "s3cr3t" not in caplog.text
    assert losses.ledger.counts() == {"capture_failed": 3}


def test_a_logger_that_fails_fails_nobody() -> None:
    class Failing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise RuntimeError("the host's")

    handler = Failing()
    logging.getLogger("apitrail").addHandler(handler)
    try:
        lose("capture_failed", ValueError())
    finally:
        logging.getLogger("apitrail").removeHandler(handler)
    assert losses.ledger.counts() == {"capture_failed": 1}


def test_the_guard_answers_none_and_counts() -> None:
    @never_raise
    def broken() -> int:
        raise RecursionError

    assert broken() is None
    assert losses.ledger.counts() == {"capture_failed": 1}


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError])
def test_what_is_meant_for_the_host_passes_the_guard(kind: type[BaseException]) -> None:
    @never_raise
    def interrupted() -> None:
        raise kind

    with pytest.raises(kind):
        interrupted()
