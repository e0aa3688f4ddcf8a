"""How a board's page is narrowed to one kind of work: by links, and by the address."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from apitrail.profiles.work import WORKS, Work, named
from apitrail.server.pages.boards import Chosen
from apitrail.server.pages.reader import Reader


def read(text: str, reader: Reader) -> tuple[Work | None, list[Markup]]:
    """The kind of work that the address asks for, and what could not be read of it."""
    work = named(text)
    if text and work is None:
        return None, [reader.words("work.wrong", value=text, names=", ".join(WORKS))]
    return work, []


def offered(here: Work | None, url: Callable[[dict[str, str]], str], reader: Reader) -> list[Chosen]:
    """All work, and each kind. `url`: the address with these parameters more.

    How much there is of each is not told: it would be asked once for each of them.
    """
    every = Chosen(reader.words("work.all"), url({}), here is None)
    return [every, *(Chosen(reader.words(f"work.{one}"), url({"work": one}), one == here) for one in WORKS)]
