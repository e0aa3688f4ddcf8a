"""The guide for people: both languages tell the same, by the words that the pages use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from apitrail.server.pages import language

DOCS = Path(__file__).parents[2] / "docs"
GUIDES = {"en": DOCS / "guide.md", "zh-TW": DOCS / "guide.zh-TW.md"}
COLUMNS = ("created_at", "action", "method", "source", "path", "status", "platform", "account", "duration")
FILTERS = ("created_at", "action", "ec_integration", "shipping_integration", "outcome", "platform", "cause", "more")


@pytest.mark.parametrize("tag", GUIDES)
def test_it_explains_each_column_and_filter_by_its_name(tag: str) -> None:
    text, words = GUIDES[tag].read_text("utf-8"), language.languages()[tag]
    named = [f"column.{one}" for one in COLUMNS] + [f"filter.{one}" for one in FILTERS]
    named += ["guided.missing", "guided.label", "guided.ask", "guided.what_to_do", "guided.what_the_log_shows"]
    named += ["integrations.ec", "integrations.shipping", "panel.link"]
    named += ["shift.title", "shift.healed", "shift.common", "shift.since.yesterday"]
    named += ["orders.title", "shipments.title"]
    named += ["problems.title", "problems.state.going_on", "problems.state.over"]
    named += ["support.copy", "curl.copy", "download.title", "panel.print"]
    assert [key for key in named if str(words(key)).replace("&#39;", "'").rstrip(":：") not in text] == []


@pytest.mark.parametrize("tag", GUIDES)
def test_its_pictures_and_links_are_there(tag: str) -> None:
    found = re.findall(r"\]\(([^)#:]+)\)", GUIDES[tag].read_text("utf-8"))
    assert len(found) >= 5
    assert [one for one in found if not (DOCS / one).is_file()] == []


def test_both_languages_have_the_same_parts() -> None:
    marks = [
        [re.match(r"#+|!|\| *-|\d\.| *- \*\*", line) for line in one.read_text("utf-8").splitlines()]
        for one in GUIDES.values()
    ]
    english, chinese = ([found[0].strip() for found in lines if found] for lines in marks)
    assert english == chinese
