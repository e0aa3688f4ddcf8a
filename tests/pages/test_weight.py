"""What a page weighs: script and style as they are sent, for the server does not compress them."""

from __future__ import annotations

import re

from apitrail.server.pages.templating import SHEETS, STATIC, TEMPLATES, common_sheet

MOST = 150_000


def test_no_page_needs_150_kilobytes_of_script_and_style() -> None:
    scripts = {file.name: file.stat().st_size for file in STATIC.rglob("*.js")}
    assert len(scripts) > 10
    for page in TEMPLATES.glob("*.html"):
        own = sum((STATIC / "css" / f"{name}.css").stat().st_size for name in _sheets(page.read_text()))
        assert sum(scripts.values()) + len(common_sheet()) + own < MOST, page


def test_every_sheet_is_of_all_pages_or_of_one() -> None:
    named = [*SHEETS, *(one for file in TEMPLATES.glob("*.html") for one in _sheets(file.read_text()))]
    assert sorted(named) == sorted(file.stem for file in STATIC.rglob("*.css"))


def _sheets(template: str) -> list[str]:
    """Those that are a page's own."""
    found = re.search(r"set own = \((.+?)\)", template)
    return re.findall(r'"(\w+)"', found[1]) if found else []
