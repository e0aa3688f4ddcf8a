"""What profiles declare as personal data is masked where the setting is on, in calls to their platform alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from apitrail.exchange import Exchange, Message, Stated
from apitrail.profiles import Profiles
from apitrail.profiles.secrets import generated_personal, personal_group
from apitrail.recorder import personal, personal_platforms
from apitrail.recorder.process import redactor_of
from apitrail.recorder.redact import Redactor
from apitrail.recorder.settings import Settings, settings_from

FILES = [file for file in Profiles.load().files.values() if personal_group(file) is not None]
ON = redactor_of(b"key", Settings(personal=True))
VALUE = "Quistgaard Bo"


def test_the_recorders_table_is_current() -> None:
    written = Path(personal_platforms.__file__).read_text("utf-8")
    assert written == generated_personal(FILES), "run: make secrets"


def test_the_document_is_current() -> None:
    written = (Path(__file__).parents[2] / "docs" / "personal.md").read_text("utf-8")
    assert written == personal.document(), "run: make secrets"


def masked(redactor: Redactor, platform: str | None, name: str) -> str:
    given = Exchange(
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        method="POST",
        url="http://127.0.0.1:8080/x",
        request=Message(body=f'{{"{name}": "{VALUE}", "z": {{"{name}": {{"first": "{VALUE}"}}}}}}'.encode()),
        stated=Stated(platform=platform),
    )
    return redactor.exchange(given).request.body.decode()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_declared_name_is_masked_in_calls_to_its_platform_alone(file: object) -> None:
    for name in file.personal:  # type: ignore[attr-defined]
        if not any(character.isalpha() for character in name):
            continue
        assert VALUE not in masked(ON, file.name, name)  # type: ignore[attr-defined]
    assert VALUE in masked(ON, "nobody", "receiver_name")


def test_without_the_setting_nothing_of_it_is_masked() -> None:
    assert VALUE in masked(redactor_of(b"key", Settings()), "shopee", "receiver_name")


@pytest.mark.parametrize(("said", "on"), [("yes", True), ("1", True), ("off", False), ("FALSE", False)])
def test_the_environment_says_yes_or_no(said: str, on: bool) -> None:
    assert settings_from({}, {"APITRAIL_PERSONAL": said}).personal is on
    with pytest.raises(ValueError, match="give True or False"):
        settings_from({"personal": "perhaps"})
