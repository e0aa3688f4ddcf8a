"""The guide's own example is a profile that works."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from apitrail.exchange import Exchange
from apitrail.profiles import Profiles
from apitrail.profiles.locators import PLACES
from apitrail.profiles.steps import INSIDE

GUIDE = (Path(__file__).parents[2] / "docs" / "profiles.md").read_text("utf-8")


def test_the_guides_first_profile_loads_and_judges(tmp_path: Path, make: Callable[..., Exchange]) -> None:
    example = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)[0]
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "profile.toml").write_text(example, "utf-8")
    profiles = Profiles.load(tmp_path)
    url = "https://lantern.acme.example/v1/orders/A-1/ship"
    entry = profiles.entry(make("POST", url, answer='{"error": {"code": "E17", "message": "Token expired"}}'))
    assert (entry.platform, entry.action, entry.outcome) == ("acme", "order.ship", "request_error")
    assert (entry.cause, entry.code, entry.message) == ("token_expired", "E17", "Token expired")
    assert entry.ec_integration is not None
    assert entry.ec_integration.id == "lantern"
    assert [reference.id for reference in entry.references] == ["A-1"]


def test_every_place_and_step_of_the_language_is_in_the_guide() -> None:
    for word in (*PLACES, *INSIDE, "[]", "[,]", "*", "[type=a", "[type!=a]"):
        assert word in GUIDE, word
