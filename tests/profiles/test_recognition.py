"""Whose exchange it is, by what only that platform sends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from apitrail.exchange import Exchange
from apitrail.profiles import Profiles

PROFILE = """name = "acme"
label = "Acme"
side = "shipping"
docs = "https://acme.example/docs"
[[recognise]]
fields = ["Parcel.Number", "topic"]
"""


@pytest.mark.parametrize(
    ("body", "platform"),
    [
        ('{"topic": "scan", "Parcel": {"Number": "P-1"}}', "acme"),
        ('{"topic": null, "Parcel": {"Number": null}}', "acme"),
        ('{"topic": "scan", "Parcel": {"Weight": 1}}', None),
        ('{"topic": "scan", "Parcel": "Number"}', None),
        ('{"topic": "scan", "Parcel.Number": "P-1"}', None),
        ('[{"topic": "scan"}]', None),
    ],
)
def test_a_notification_is_told_by_fields_at_the_top_and_below(
    tmp_path: Path, make: Callable[..., Exchange], body: str, platform: str | None
) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "profile.toml").write_text(PROFILE, "utf-8")
    notification = make("POST", "https://us.example/hooks", sent=body, direction="inbound")
    assert Profiles.load(tmp_path).entry(notification).platform == platform
