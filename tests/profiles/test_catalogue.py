"""One catalogue decides; labels, advice and the document come from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from apitrail.entry import Cause
from apitrail.exchange import Direction
from apitrail.profiles import Derived, Profiles, action_label, cause_label, reference_label
from apitrail.profiles.catalogue import BUILT_IN, CAUSES, actor, advice
from apitrail.profiles.document import actions_document

DOCS = Path(__file__).parents[2] / "docs"


def test_the_document_is_made_from_the_catalogue() -> None:
    hint = "run: python -m apitrail.profiles.document docs/actions.md"
    assert (DOCS / "actions.md").read_text("utf-8") == actions_document(), hint


def test_labels_are_in_both_languages() -> None:
    assert action_label("order.list") == "Fetch orders"
    assert action_label("order.list", "zh-TW") == "抓取訂單"
    assert action_label("unknown") == "Unknown call"
    assert action_label("unknown", "zh_tw") == "未知呼叫"
    assert cause_label("address", "zh") == "地址"
    assert reference_label("tracking", "zh") == "追蹤號碼"


def test_a_name_that_the_catalogue_lacks_is_its_own_label() -> None:
    assert action_label("loyalty.points") == "loyalty.points"
    assert cause_label("gremlins") == "gremlins"
    assert reference_label("thing") == "thing"


def test_each_cause_says_whose_hands_it_needs_and_a_notification_may_need_others() -> None:
    assert (actor("address"), actor("credentials"), actor("timeout")) == ("warehouse", "merchant", "platform")
    assert (actor("platform_outage", "inbound"), actor("gremlins"), actor("")) == ("engineer", "engineer", "engineer")


def test_a_handler_that_crashed_is_not_called_platform_trouble() -> None:
    assert cause_label("platform_outage") == "Platform trouble"
    assert cause_label("platform_outage", party="carrier") == "Carrier trouble"
    assert cause_label("platform_outage", "zh", party="either") == "平台或物流商異常"
    assert cause_label("platform_outage", direction="inbound", party="carrier") == "Our handler failed"
    assert cause_label("address", party="carrier") == "Address"
    assert cause_label("platform_outage", direction="inbound") == "Our handler failed"


def test_a_synonym_has_the_label_of_its_action() -> None:
    assert action_label("address.validate") == action_label("address.check")


def test_no_two_actions_are_called_the_same() -> None:
    for language in ("en", "zh_tw"):
        labels = [action.label(language) for action in BUILT_IN.actions.values()]
        assert len(labels) == len(set(labels))


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("language", ["en", "zh_tw"])
@pytest.mark.parametrize("direction", ["outbound", "inbound"])
@pytest.mark.parametrize("action", ["order.list", "label.create"])
def test_advice_is_one_finished_sentence(
    profiles: Profiles, cause: Cause, language: str, direction: Direction, action: str
) -> None:
    failed = Derived(platform="shopee", action=action, outcome="request_error", cause=cause)
    text = profiles.advice(failed, direction, language)
    assert text is not None
    assert text.endswith("." if language == "en" else "。")
    assert "{" not in text
    assert text[0].isupper() or language == "zh_tw" or text[0] == "S"


def test_every_action_is_reachable_by_profiles_users(profiles: Profiles) -> None:
    assert profiles.actions == BUILT_IN.actions
    assert profiles.actions["label.create"].repeatable is False
    assert {action.side for action in profiles.actions.values()} == {"ec", "shipping", "both"}


def test_advice_leaves_a_platforms_name_its_letters() -> None:
    assert advice(BUILT_IN, "product_mapping", platform="momo").startswith("momo does not know")
    assert advice(BUILT_IN, "product_mapping", platform="the platform").startswith("The platform does not know")
