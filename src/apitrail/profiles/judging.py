"""How a call went: outcome, the platform's own words, cause, per-item results and counts.

The HTTP status is the weakest sign. Order: the platform's signs of failure, then the results of items, then a status
of failure, then what a good status hides on any platform, then the platform's signs of warning. Words in a message
never make a failure of a call; they only help to name its cause.
"""

from __future__ import annotations

from typing import Any

from apitrail.entry import Cause, Counts, Item, Outcome
from apitrail.exchange import Failure
from apitrail.profiles.blame import CauseTable, Finding, Verdict, family, verdict
from apitrail.profiles.catalogue import Catalogue
from apitrail.profiles.derived import Derived
from apitrail.profiles.facts import Facts
from apitrail.profiles.locators import Locator, first_text
from apitrail.profiles.plans import CompiledItems, CompiledSign, Plan
from apitrail.profiles.platform import Platform
from apitrail.profiles.recognition import Recognition
from apitrail.profiles.schema import GENERIC
from apitrail.profiles.steps import as_text

PAGES = ("html", "text")
"""Forms of a body that are for people."""
MOST_ITEMS = 1_000
LONGEST_MESSAGE = 4_000
"""Characters of a message kept on the row; the body has all of it."""


class Said:
    """One thing that the platform said, before it is weighed."""

    __slots__ = ("cause", "code", "field", "kind", "message", "reported_by", "retryable")

    def __init__(
        self,
        code: str | None = None,
        message: str | None = None,
        kind: str | None = None,
        field: str | None = None,
        reported_by: str | None = None,
        cause: Cause | None = None,
        retryable: bool | None = None,
    ) -> None:
        self.code = code
        self.message = message
        self.kind = kind
        self.field = field
        self.reported_by = reported_by
        self.cause = cause
        self.retryable = retryable


class Judge:
    """Weighs exchanges by their platform's profile, and by the generic one where that is silent."""

    def __init__(
        self, catalogue: Catalogue, platforms: dict[str, Platform], generic: Platform, recognition: Recognition
    ) -> None:
        self._recognition = recognition
        self._causes = catalogue.causes
        self._platforms = platforms
        self._generic = generic

    def judge(self, facts: Facts, platform: Platform, plan: Plan) -> Derived:
        """How an exchange went that was sent."""
        exchange = facts.exchange
        status = facts.status
        if facts.direction == "inbound":
            return self._inbound(facts, platform)
        if status is None:
            return _no_answer(exchange.error, begun=False)
        warning: CompiledSign | None = None
        look_inside: Said | None = None
        for sign in platform.signs(plan.action, facts):
            outcome = sign.rule.outcome
            if warning is not None and outcome == "warning":
                continue
            if not sign.holds(facts):
                continue
            if outcome in ("failure", "partial"):
                judgement = self._failure(facts, platform, self._said(sign, facts))
                if outcome == "partial":
                    items, failed, _ = self._items(facts, platform, plan.action)
                    judgement.outcome = "partial"
                    judgement.items = items
                    told = (len(items) - len(failed), len(failed)) if items else (None, None)
                    judgement.counts = _counts(facts, plan, *told)
                return judgement
            if outcome == "items":
                look_inside = self._said(sign, facts)
                break
            if outcome == "success":
                return Derived("success", counts=_counts(facts, plan, None, None))
            warning = sign
        items, failed, soft = self._items(facts, platform, plan.action)
        accepted = len(items) - len(failed) if items else None
        counts = _counts(facts, plan, accepted, len(failed) if items else None)
        if look_inside is not None:
            first = failed[0] if failed else look_inside
            first.code = first.code or look_inside.code
            first.message = first.message or look_inside.message
            judgement = self._failure(facts, platform, first)
            if failed and accepted:
                judgement.outcome = "partial"
            judgement.items, judgement.counts = items, counts
            return judgement
        if failed and not (soft and accepted):
            judgement = self._failure(facts, platform, failed[0])
            if accepted:
                judgement.outcome = "partial"
            judgement.items, judgement.counts = items, counts
            return judgement
        if status >= 400:
            judgement = self._failure(facts, platform, self._generic_words(facts))
            judgement.items, judgement.counts = items, counts
            return judgement
        if exchange.error is not None:
            judgement = _no_answer(exchange.error, begun=True)
            judgement.items, judgement.counts = items, counts
            return judgement
        if warning is None and (status >= 300 or facts.response()[0] in PAGES):
            sent_on = self._default(facts, platform, plan.action)
            if sent_on is not None:
                sent_on.items, sent_on.counts = items, counts
                return sent_on
        said = self._said(warning, facts) if warning is not None else None
        if said is None and failed:
            said = failed[0]
        if said is not None:
            judgement = self._failure(facts, platform, said, warns=True)
            judgement.items, judgement.counts = items, counts
            return judgement
        return Derived("success", items=items, counts=counts)

    def _default(self, facts: Facts, platform: Platform, action: str) -> Derived | None:
        """What a good status hides on any platform: that the call was sent on, or that a page came in place of data."""
        if any(family(action, each.pages) for each in (platform, self._generic) if each.pages):
            return None
        for sign in self._generic.defaults:
            if (sign.rule.everywhere == "any" or platform is not self._generic) and sign.holds(facts):
                warns = sign.rule.outcome == "warning"
                return self._failure(facts, platform, self._said(sign, facts), warns=warns)
        return None

    def _failure(self, facts: Facts, platform: Platform, said: Said, *, warns: bool = False) -> Derived:
        """`warns`: the call did not fail, and what was said is a warning."""
        found = self._weigh(facts, platform, said, words=not warns)
        if warns:
            return _warning(platform, said, found)
        theirs = self._causes[found.cause].fault == "theirs"
        if found.cause == "unknown":
            theirs = facts.status is not None and facts.status >= 500
        return Derived(
            "platform_error" if theirs else "request_error",
            cause=found.cause,
            code=said.code,
            message=_cut(said.message),
            reported_by=said.reported_by or platform_name(platform, said),
            retryable=found.retryable,
        )

    def _weigh(self, facts: Facts, platform: Platform, said: Said, *, words: bool = True) -> Verdict:
        if said.cause is not None:
            retryable = said.retryable if said.retryable is not None else self._causes[said.cause].retryable
            return Verdict(said.cause, retryable)
        tables: list[CauseTable] = []
        if said.reported_by is not None and said.reported_by != platform.name:
            other = self._platforms.get(said.reported_by)
            if other is not None:
                tables.append(other.errors)
        if platform is not self._generic:
            tables.append(platform.errors)
        status = facts.status
        finding = Finding(said.code, said.message, said.kind, said.field, status, facts.action)
        words = words and (status is None or status < 500 or facts.response()[0] == "xml")
        found = verdict(finding, tuple(tables), self._generic.errors, words=words)
        return found if said.retryable is None else Verdict(found.cause, said.retryable)

    def _generic_words(self, facts: Facts) -> Said:
        """What an answer says in one of the common envelopes."""
        for sign in self._generic.signs(facts.action, facts):
            if sign.rule.outcome == "failure" and sign.holds(facts):
                return self._said(sign, facts)
        return Said()

    def _items(self, facts: Facts, platform: Platform, action: str) -> tuple[list[Item], list[Said], bool]:
        """All results, what the failed ones said, and whether these are only warnings."""
        items: list[Item] = []
        failed: list[Said] = []
        soft = True
        for group in platform.items(action, facts):
            values = group.at.every(facts)
            if group.never:
                kind, identify = group.rule.type, group.id
                items += [Item(kind, identify(value), "success") for value in values[: MOST_ITEMS - len(items)]]
                continue
            for value in values:
                if len(items) >= MOST_ITEMS:
                    break
                said = self._item(facts, platform, group, value, items)
                if said is not None:
                    failed.append(said)
                    soft = soft and group.rule.fault == "warning"
            if group.of and facts.status is not None and facts.status < 400:
                _accepted(facts, group, items)
        return items, failed, soft

    def _item(
        self,
        facts: Facts,
        platform: Platform,
        group: CompiledItems,
        value: Any,
        items: list[Item],
    ) -> Said | None:
        identifier = group.id(value)
        if group.id_match is not None:
            matched = group.id_match.search(identifier)
            identifier = matched[0] if matched else ""
        if not group.failed(value):
            items.append(Item(group.rule.type, identifier, "success"))
            return None
        said = Said(first_text(group.code, value), first_text(group.message, value))
        said.reported_by = self._reporter(first_text(group.reported_by, value))
        if group.rule.fault == "warning":
            items.append(Item(group.rule.type, identifier, "warning", said.code, said.message))
            return said
        found = self._weigh(facts, platform, said)
        theirs = found.cause != "unknown" and self._causes[found.cause].fault == "theirs"
        outcome: Outcome = "platform_error" if theirs else "request_error"
        items.append(Item(group.rule.type, identifier, outcome, said.code, said.message))
        return said

    def _inbound(self, facts: Facts, platform: Platform) -> Derived:
        """The blame turns round: 4xx is our refusal of their request, 5xx or no answer our own handler's failure.

        An answer of 2xx that the platform does not take for a receipt is a refusal too: it will send again.
        """
        status, error = facts.status, facts.exchange.error
        if status is None or (status < 400 and error is not None):  # perhaps it began to answer
            cause: Cause = _cause_of(error) if error is not None else "unknown"
            return Derived("platform_error", "platform_outage" if cause == "unknown" else cause, retryable=True)
        if status < 400:
            if platform.answered is None or status >= 300 or platform.answered(facts):
                return self._reported(facts, platform)
            said = self._generic_words(facts)
            return Derived("request_error", "unknown", said.code, said.message, None, None)
        said = self._generic_words(facts)
        if status >= 500:
            cause = "timeout" if status == 504 else "platform_outage"
            return Derived("platform_error", cause, said.code, said.message, None, True)
        found = verdict(Finding(said.code, said.message, status=status), (), self._generic.errors)
        return Derived("request_error", found.cause, said.code, said.message, None, found.retryable)

    def _reported(self, facts: Facts, platform: Platform) -> Derived:
        """What a notification that was received reports: a label that failed is no success worth passing over."""
        for sign in platform.reports(facts.action):
            if sign.holds(facts):
                said = self._said(sign, facts)
                return _warning(platform, said, self._weigh(facts, platform, said))
        return Derived("success")

    def _said(self, sign: CompiledSign, facts: Facts) -> Said:
        rule = sign.rule
        return Said(
            first_text(sign.code, facts),
            first_text(sign.message, facts),
            first_text(sign.kind, facts),
            first_text(sign.field, facts),
            self._reporter(first_text(sign.reported_by, facts)),
            rule.cause,
            rule.retryable,
        )

    def _reporter(self, text: str | None) -> str | None:
        """A carrier that an aggregator names: its profile's name where we have one, else as it is written."""
        return None if text is None else self._recognition.named(text) or text


def _accepted(facts: Facts, group: CompiledItems, items: list[Item]) -> None:
    """What was asked for and is not named by an answer that lists only some of it."""
    named = {item.id for item in items if item.type == group.rule.type}
    for place in group.of:
        for value in place.every(facts):
            asked = as_text(value)
            if asked and asked not in named and len(items) < MOST_ITEMS:
                named.add(asked)
                items.append(Item(group.rule.type, asked, "success"))


def _cut(message: str | None) -> str | None:
    return message[:LONGEST_MESSAGE] if message else None


def _warning(platform: Platform, said: Said, found: Verdict) -> Derived:
    cause = None if found.cause == "unknown" else found.cause
    return Derived("warning", cause, said.code, _cut(said.message), said.reported_by or platform_name(platform, said))


def platform_name(platform: Platform, said: Said) -> str | None:
    """Who spoke: the platform, where its answer held any words."""
    return platform.name if platform.name != GENERIC and (said.code or said.message) else None


def _counts(facts: Facts, plan: Plan, accepted: int | None, refused: int | None) -> Counts | None:
    returned = _returned(facts, plan.lists, may_lack=refused is None) if plan.lists else None
    if returned is None and accepted is None and refused is None:
        return None
    return Counts(returned, accepted, refused)


def _returned(facts: Facts, places: tuple[Locator, ...], *, may_lack: bool) -> int | None:
    """How many the fetched list holds: the first place that has one tells."""
    for place in places:
        found = place.first(facts)
        if type(found) is list:
            return len(found)
        if type(found) is dict:
            return 1
        if found is not None and place.steps:  # in XML, an empty list is an empty text
            return 1 if found else 0
    if may_lack and any(_brought_nothing(facts, place) for place in places):
        return 0
    return None


def _brought_nothing(facts: Facts, place: Locator) -> bool:
    """Whether a good answer without the list that was fetched means an empty one: it has no body, or it has all that
    should hold the list, and not the list.
    """
    status = facts.status
    if status is None or not 200 <= status < 300 or place.place != "response":
        return False
    form, holder = facts.response()
    if form == "empty" or holder == []:  # PHP writes an empty object as an empty list
        return True
    if form not in ("json", "xml"):
        return False
    for step in place.steps[:-1]:
        holder = holder.get(step.removeprefix(".")) if type(holder) is dict else None
    return type(holder) is dict or (form == "xml" and holder == "")


def _no_answer(error: Failure | None, *, begun: bool) -> Derived:
    """Of a call without a whole answer, or (not `begun`) without any: then an error that is neither of the network nor
    of waiting was raised by the caller's own code, such as a generator that gives the body.
    """
    cause: Cause = _cause_of(error) if error is not None else "network"
    if cause == "unknown" and not begun:
        return Derived("request_error", "own_failure")
    return Derived("platform_error", cause, retryable=cause != "unknown" or None)


_NETWORK = ("connect", "network", "ssl", "tls", "certificate", "dns", "gaierror", "resolve", "name or service",
            "reset", "refused", "broken", "protocol", "disconnect", "unreachable", "proxy", "closed", "incomplete",
            "eof", "socket", "readerror", "writeerror", "oserror", "http.client", "chunked")  # fmt: skip

_STOPPED = ("cancel", "timelimit", "systemexit", "keyboardinterrupt", "generatorexit", "greenletexit")
"""The caller did not wait for the end: it has a limit (`asyncio.timeout`, Celery's, gunicorn's), or was stopped."""


def _cause_of(error: Failure) -> Cause:
    """By the exception's class, then by its text."""
    if any(word in error.type.casefold() for word in _STOPPED):
        return "timeout"
    for text in (error.type.casefold(), error.text.casefold()):
        if "timeout" in text or "timed out" in text or "deadline" in text:
            return "timeout"
        if any(word in text for word in _NETWORK):
            return "network"
    return "unknown"
