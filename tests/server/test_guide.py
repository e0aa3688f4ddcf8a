"""The guide for people: both languages tell the same, by the words that the pages use."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape

from apitrail.server.pages import guide, language

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
    named += ["histogram.on_demand", "support.copy", "curl.copy", "download.title", "panel.print"]
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


def test_both_languages_have_as_many_paragraphs_and_points_in_each_part() -> None:
    english, chinese = (counted(one.read_text("utf-8")) for one in GUIDES.values())
    assert len(english) > 10
    assert chinese == english


def counted(text: str) -> list[dict[str, int]]:
    """What stands in each part of a guide, from its beginning on."""
    found = []
    for part in re.split(r"^## .*\n", text, flags=re.MULTILINE):
        lines = part.splitlines()
        blocks = [block.strip() for block in re.split(r"\n\s*\n", part) if block.strip()]
        found.append(
            {
                "paragraphs": sum(not re.match(r"#|!\[|\||- |\d\. ", block) for block in blocks),
                "points": sum(re.match(r" *(- |\d\. )", line) is not None for line in lines),
                "rows": sum(line.lstrip().startswith("|") for line in lines),
            }
        )
    return found


@pytest.mark.parametrize("tag", GUIDES)
def test_the_server_shows_it_whole_with_its_pictures_and_the_same_anchors(server: Any, tag: str) -> None:
    page = server.get("/help/guide", params={"lang": tag}).text
    written = GUIDES[tag].read_text("utf-8")
    for heading in re.findall(r"^## (.+)$", written, re.MULTILINE):
        assert f">{escape(heading)}</h2>" in page
    assert page.count("<table>") == len(re.findall(r"^ *\|(?:-+\|)+$", written, re.MULTILINE))
    english = re.findall(r"^## (.+)$", GUIDES["en"].read_text("utf-8"), re.MULTILINE)
    assert re.findall(r'<h2 id="([^"]+)"', page) == [re.sub(r"\W+", "-", one.lower()) for one in english]
    pictures = re.findall(r'<img src="([^"]+)"', page)
    assert len(pictures) == written.count("![")
    for one in pictures:
        answer = server.get(one)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert server.get("/help/guide/images/..%2F..%2Fpyproject.toml").status_code == 404
    assert server.get("/help/guide/images/x.png").status_code == 404


def test_every_link_of_the_pages_into_the_guide_leads_to_a_part_of_it() -> None:
    parts = {one for one, _ in guide.guide("en").parts}
    templates = Path(guide.__file__).parents[1] / "templates"
    found = {
        name for file in templates.rglob("*.html") for name in re.findall(r"/help/guide#([\w-]+)", file.read_text())
    }
    assert found
    assert found <= parts
