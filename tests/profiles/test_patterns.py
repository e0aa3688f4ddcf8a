"""No pattern is caught in a text: whoever may post to a webhook writes what patterns look at.

A pattern that tries anew from every letter needs hours for a long text, and one that can divide a text in many ways
never ends. The guard is no measure of speed: what is in order takes a thousandth of it.
"""

from __future__ import annotations

import re
import signal
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from apitrail.profiles.bodies import FIELDS, parse
from apitrail.profiles.catalogue import HERE

GUARD = 4
"""Seconds of CPU time: other programs may have the processor meanwhile."""
LONG = 200_000
"""Characters."""


@contextmanager
def ends(what: str) -> Iterator[None]:
    """Break off what would go on for hours."""

    def late(*_: object) -> None:
        raise TimeoutError(f"{what} does not end")

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, GUARD)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def patterns(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """(how it is applied, pattern) of all that a profile holds."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from patterns(below, key)
    elif isinstance(value, list):
        for below in value:
            yield from patterns(below, name)
    elif isinstance(value, str):
        if " ~ " in value:
            yield "search", value.partition(" ~ ")[2].strip()
        elif name == "match":
            yield "fullmatch", value
        elif name in ("fields", "id_match"):
            yield "search", value


ALL = {
    platform.name: sorted(set(patterns(tomllib.loads((platform / "profile.toml").read_text("utf-8")))))
    for platform in sorted((HERE / "platforms").iterdir())
}


@pytest.mark.parametrize("platform", [name for name, found in ALL.items() if found])
def test_no_pattern_of_a_platform_is_caught_in_a_long_text(platform: str) -> None:
    for how, pattern in ALL[platform]:
        apply = getattr(re.compile(pattern, re.IGNORECASE), how)
        words = re.findall(r"[\w<>/=.-]{2,}", re.sub(r"\\.|\[[^]]*\]", " ", pattern))
        pieces = {"1", "a", " ", "_", ".", "<td>", *words}
        for piece in sorted(pieces):
            with ends(f"{platform}: {pattern} on {piece}{piece}…"):
                apply((piece * (LONG // len(piece))) + "!")


@pytest.mark.parametrize(
    ("body", "form"),
    [
        ("<!---->" * 10_000 + "x", "text"),
        ("<!-- a -->\n" * 10_000 + "<Reply/>", "xml"),
        ("<!---->" * 10_000 + "<p>", "html"),
        ("<?xml " * 50_000, "text"),
        ("<html>" + "<script>" * 50_000, "html"),
        ("1|" * 500_000, "pipe"),
    ],
    ids=["comments", "comments before a document", "comments before a page", "declarations", "scripts", "pipes"],
)
def test_no_body_keeps_its_reader_for_ever(body: str, form: str) -> None:
    with ends(body[:20]):
        assert parse(body.encode(), None, "utf-8")[0] == form


def test_a_line_of_pieces_ends_somewhere() -> None:
    assert len(parse(b"1|" * 500_000, None, "utf-8")[1]) <= FIELDS + 1
