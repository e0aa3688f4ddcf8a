"""All that our profiles say can come true: no endpoint, topic, host, name or rule stands behind another."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from apitrail.profiles.blame import Finding, family, verdict
from apitrail.profiles.catalogue import BUILT_IN, HERE
from apitrail.profiles.platform import Platform, parse_endpoint, settled
from apitrail.profiles.reading import FILE, read_profile
from apitrail.profiles.recognition import fold
from apitrail.profiles.schema import GENERIC, ErrorRule, File

FILES = {
    folder.name: read_profile(folder / FILE, BUILT_IN, check=False) for folder in sorted((HERE / "platforms").iterdir())
}
BY_CALLERS_ALONE = {
    "unknown",
    "order.list.manual",
    "stock.overwrite",
    "ftp.upload",
    "ftp.download",
    "gateway.local",
    "schedule.missed",
    "oauth.callback",
}
"""No exchange tells these: who states them knows more than what was sent."""


def actions(file: File) -> set[str]:
    topics = file.webhooks.topics.values() if file.webhooks is not None else ()
    return {settled(value).action for value in (*file.endpoints.values(), *topics)}


def test_every_action_is_of_some_platform_or_of_callers_alone() -> None:
    told = set[str]().union(*(actions(file) for file in FILES.values()))
    assert set(BUILT_IN.actions) - told == BY_CALLERS_ALONE


def test_no_two_platforms_share_a_name_or_a_host() -> None:
    names = [(fold(name), file.name) for file in FILES.values() for name in (file.name, file.label, *file.aliases)]
    hosts = [(host.lower(), file.name) for file in FILES.values() for host in file.hosts]
    for told in (names, hosts):
        assert len(dict(told)) == len(set(told))


def test_no_pattern_of_hosts_stands_behind_another() -> None:
    before: list[tuple[str, str]] = []
    for file in FILES.values():
        for host in file.hosts:
            if found := re.search(r"\{[a-z_]+\}", host):
                begin, end = host[: found.start()], host[found.end() :]
                shown = begin + "any" + end
                assert not any(shown.startswith(one) and shown.endswith(other) for one, other in before), host
                before.append((begin, end))


@pytest.mark.parametrize("name", FILES)
def test_every_endpoint_is_found_by_a_call_to_it(name: str) -> None:
    file = FILES[name]
    platform = Platform(file, BUILT_IN)
    for key, value in file.endpoints.items():
        methods, path, selectors = parse_endpoint(key)
        for base in file.bases:
            called = re.sub(r"\{[a-z_]+\}", "any9", base + path).replace("**", "any/more")
            for method in methods.split("|"):
                found = platform._routes.find("PURGE" if method == "*" else method, called)
                assert found is not None, key
                for plan in found[0]:
                    if plan.selectors == selectors:
                        assert plan.action == settled(value).action, key
                        break
                    assert not set(plan.selectors) <= set(selectors), f"{key} stands behind another"
                else:
                    raise AssertionError(f"{key} is hidden by another path")


@pytest.mark.parametrize("name", FILES)
def test_every_selector_and_captured_part_is_used(name: str) -> None:
    file = FILES[name]
    asked = {part[0] for key in file.endpoints for part in parse_endpoint(key)[2]}
    assert set(file.select) == asked
    captured = {
        part for text in (*file.endpoints, *file.hosts, *file.bases) for part in re.findall(r"{([a-z_]+)}", text)
    }
    text = (HERE / "platforms" / name / FILE).read_text("utf-8")
    assert set(re.findall(r'"(?:path|host):([a-z_]+)', text)) <= captured


@pytest.mark.parametrize("name", [name for name, file in FILES.items() if file.webhooks is not None])
def test_every_topic_can_be_met(name: str) -> None:
    hooks = FILES[name].webhooks
    assert hooks is not None
    for topic in hooks.topics:
        assert topic == "*" or "*" not in topic or re.fullmatch(r"[^*]*[/.]\*", topic), topic
    assert hooks.topic or set(hooks.topics) <= {"*"}


@pytest.mark.parametrize("name", [name for name in FILES if name != GENERIC])
def test_every_rule_is_for_actions_that_the_platform_has(name: str) -> None:
    file = FILES[name]
    known = {*actions(file), "unknown"}
    asked = list(file.pages)
    for told in (file.sign, file.items, file.error):
        for rule in told:
            asked += rule.actions
    assert [one for one in asked if not any(family(action, [one]) for action in known)] == []


def findings(rule: ErrorRule, known: set[str]) -> Iterator[Finding]:
    """What a platform may have said for a rule to hold: each of its keys, with each of its conditions."""
    mine = sorted(action for action in known if family(action, rule.actions)) if rule.actions else ["any.thing"]
    statuses: list[int | None] = [*rule.status] or [None]
    texts: list[str | None] = [*rule.text] or [None]
    for action in mine[:3]:
        for status in statuses:
            for text in texts:
                if rule.codes or rule.ranges:
                    for code in (*rule.codes, *(one.partition("-")[0] for one in rule.ranges)):
                        yield Finding(code, text, None, None, status, action)
                elif rule.kinds:
                    yield from (Finding(None, text, kind, None, status, action) for kind in rule.kinds)
                elif not rule.match and not rule.fields:
                    yield Finding(None, text, None, None, status, action)


@pytest.mark.parametrize("name", FILES)
def test_every_code_and_word_leads_to_the_cause_that_its_rule_names(name: str) -> None:
    file = FILES[name]
    platform, generic = Platform(file, BUILT_IN), Platform(FILES[GENERIC], BUILT_IN)
    tables = () if name == GENERIC else (platform.errors,)
    known = set(BUILT_IN.actions) if name == GENERIC else actions(file)
    for rule in file.error:
        for said in findings(rule, known):
            found = verdict(said, tables, generic.errors).cause
            assert found == rule.cause, (said.code, said.kind, said.message, said.status, said.action)
