"""What a page weighs: script and style as they are sent, for the server does not compress them."""

from __future__ import annotations

import re

from apitrail.server.pages.templating import STATIC, TEMPLATES

MOST = 150_000


def test_no_page_needs_150_kilobytes_of_script_and_style() -> None:
    scripts = {file.name: file.stat().st_size for file in STATIC.rglob("*.js")}
    assert len(scripts) > 10
    sheets = {one.name: _size(_sheets(one.read_text())) for one in TEMPLATES.glob("*.html") if one.name != "base.html"}
    common = _size(_sheets((TEMPLATES / "base.html").read_text()))
    for page, own in sheets.items():
        assert sum(scripts.values()) + common + own < MOST, page


def test_every_sheet_is_of_all_pages_or_of_one() -> None:
    named = [one for file in TEMPLATES.glob("*.html") for one in _sheets(file.read_text())]
    assert sorted(named) == sorted(file.stem for file in STATIC.rglob("*.css"))


def _sheets(template: str) -> list[str]:
    """Those that it names: all pages' in the base, its own in a page."""
    found = re.search(r"for sheet in \((.+?)\)|set own = \((.+?)\)", template)
    return re.findall(r'"(\w+)"', found[0]) if found else []


def _size(sheets: list[str]) -> int:
    return sum((STATIC / "css" / f"{one}.css").stat().st_size for one in sheets)
