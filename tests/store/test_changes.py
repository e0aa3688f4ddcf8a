"""Writes and removals of a log: what was read meanwhile may not be what it holds."""

from __future__ import annotations

from contextlib import suppress

import pytest

from apitrail.store import StoreError
from apitrail.store.changes import Changes


@pytest.fixture
def told() -> list[bool]:
    return []


def certain(changes: Changes) -> bool:
    return not changes.uncertain


def failed(changes: Changes, told: list[bool]) -> None:
    with suppress(StoreError), changes.writing(told.append):
        raise StoreError("the disk is full")


def test_a_write_is_told_where_it_begins_and_ends(told: list[bool]) -> None:
    changes = Changes()
    with changes.writing(told.append):
        assert (changes.number, changes.under_way, told) == (1, 1, [])
    assert (changes.number, changes.under_way, told) == (2, 0, [True])
    assert certain(changes)


def test_after_a_failed_write_nothing_is_certain_until_another_has_put_it_right(told: list[bool]) -> None:
    changes = Changes()
    failed(changes, told)
    assert not certain(changes)
    failed(changes, told)
    with changes.writing(told.append):
        assert not certain(changes)
    assert told == [False, False, False]  # the last has put right what the others left: more than it wrote
    assert certain(changes)
    with changes.writing(told.append):
        pass
    assert told[-1]


def test_nothing_is_certain_while_entries_are_removed() -> None:
    changes = Changes()
    over: list[int] = []

    def removed(what: int, reason: str = "") -> None:
        with changes.removing(lambda: over.append(what)):
            assert not certain(changes)
            if reason:
                raise StoreError(reason)

    with changes.removing(lambda: over.append(1)):
        removed(2)
        assert not certain(changes)
    with pytest.raises(StoreError):
        removed(3, "the disk is full")
    assert over == [2, 1, 3]
    assert certain(changes)
    assert changes.number == 6
