"""What a page weighs: script and style as they are sent, for the server does not compress them."""

from __future__ import annotations

from apitrail.server.pages.templating import STATIC

MOST = 150_000


def test_all_script_and_style_together_stay_under_150_kilobytes() -> None:
    sizes = {file.relative_to(STATIC).as_posix(): file.stat().st_size for file in STATIC.rglob("*") if _sent(file.name)}
    assert len(sizes) > 10
    assert sum(sizes.values()) < MOST, sorted(sizes.items(), key=lambda one: -one[1])


def _sent(name: str) -> bool:
    return name.endswith((".js", ".css"))
