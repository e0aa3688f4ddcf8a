"""docs/recorder.md says what the table of settings says."""

from __future__ import annotations

import pytest

from apitrail.recorder.settings import SETTINGS, Setting

DOCUMENT = "docs/recorder.md"


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_documented(setting: Setting, pytestconfig: pytest.Config) -> None:
    lines = (pytestconfig.rootpath / DOCUMENT).read_text().splitlines()
    [row] = [line for line in lines if line.startswith(f"| `{setting.name}` |")]
    assert setting.meaning in row
    assert setting.unit in row
    assert setting.environment is None or f"`{setting.environment}`" in row
