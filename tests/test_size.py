"""A size is written one way, wherever it stands."""

from __future__ import annotations

import pytest

from apitrail.size import counted, size


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1500, "1.5 KB"),
        (999_949, "999.9 KB"),
        (999_950, "1.0 MB"),
        (7_300_000, "7.3 MB"),
        (1_073_741_824, "1.1 GB"),
    ],
)
def test_a_size_reads_at_a_glance(count: int, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0 entries"), (1, "1 entry"), (1_200, "1,200 entries")])
def test_a_count_has_the_noun_that_goes_with_it(count: int, text: str) -> None:
    assert counted(count, "entry", "entries") == text
