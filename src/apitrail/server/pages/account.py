"""One account in full: how it fares, the last 24 hours of it, and each of its actions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from markupsafe import Markup
from msgspec import Struct

from apitrail.registration import Registration
from apitrail.server.accounts import Health, State
from apitrail.server.pages import names, party
from apitrail.server.pages.bodies.visible import visible
from apitrail.server.pages.links import Link
from apitrail.server.pages.query import PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.server.pages.silences import SilenceView, view
from apitrail.server.pages.sparks import Spark, first_hour, spark
from apitrail.server.silence import Silence
from apitrail.store import Store
from apitrail.store.failures import Hourly
from apitrail.store.model import EPOCH, Activity, SeenAccount

ICONS = {
    "failing": "cross",
    "silent": "silence",
    "degraded": "warning",
    "healthy": "check",
    "quiet": "lost",
    "never": "lost",
    "off": "barred",
}
TONES = {"failing": "platform_error", "silent": "request_error", "degraded": "partial", "healthy": "success"}
CAUSES = 3

SIGNING_IN = ("auth.refresh", "auth.exchange")


class Known(Struct, frozen=True, kw_only=True):
    """An account of the log or the host system."""

    id: str
    name: str
    platform: str
    """Empty: not known."""
    known: Registration | None
    held: SeenAccount | None
    """None: the log has not seen it."""

    @property
    def merchant(self) -> str:
        return self.known.merchant if self.known else ""


class Fared(Known, frozen=True, kw_only=True):
    """It, and what the log holds of its last days."""

    found: Health
    done: list[Activity]
    missed: list[Silence]
    """What should have come again by now."""

    @property
    def state(self) -> State:
        return self.found.state


class SignIn(Struct, frozen=True):
    """An answer to signing in."""

    entry: str
    ends: datetime
    """Of the access that it gave."""


class ActionView(Struct, frozen=True, kw_only=True):
    """One action of an account."""

    name: str
    url: str
    """The log, filtered by it."""
    calls: str
    failed: str
    rate: str
    partly: Markup
    """How many failed in part; empty where none did."""
    success: Markup
    success_url: str
    failure: Markup
    failure_url: str


class AccountView(Struct, frozen=True, kw_only=True):
    """One account."""

    id: str
    name: str
    platform: str
    merchant: str
    state: str
    tone: str
    icon: str
    word: Markup
    about: Markup
    silent: list[SilenceView]
    """What should have come again by now."""
    calls: Markup
    spark: Spark | None
    """Its last 24 hours; None without calls."""
    spark_url: str
    """The same as a table."""
    ends: Markup
    """When the access ends that the latest answer to signing in gave; empty where none says."""
    ends_url: str
    causes: list[Link]
    settings: list[Markup]
    actions: list[ActionView]
    log_url: str
    host_url: str


def in_full(
    store: Store, side: Literal["ec", "shipping"], told: list[Fared], query: PageQuery, reader: Reader
) -> list[AccountView]:
    """These accounts. What they alone need is read for them alone. Raises StoreError."""
    now = reader.clock.now
    hours: dict[str, list[Hourly]] = {}
    for hour in store.hourly(side, first_hour(now), now, [one.id for one in told]):
        hours.setdefault(hour.account, []).append(hour)
    signed_in = _signed_in(store, {one.id: one.done for one in told}, reader)
    return [
        _account(side, one, query, reader, spark(hours.get(one.id, []), now, reader), signed_in.get(one.id))
        for one in told
    ]


def _account(
    side: str, one: Fared, query: PageQuery, reader: Reader, drawn: Spark | None, signed_in: SignIn | None
) -> AccountView:
    words, whose = reader.words, party.of_call(one.platform, reader, shipping=side == "shipping")
    log = log_of(side, one.id, query)
    causes = Counter(cause for each in one.done for cause in each.causes)
    settings = (
        [Markup("{}: {}").format(visible(key), visible(value)) for key, value in one.known.settings.items()]
        if one.known
        else []
    )
    return AccountView(
        id=one.id,
        name=one.name,
        platform=reader.platform(one.platform) if one.platform else "",
        merchant=one.merchant,
        state=one.state,
        tone=tone(one),
        icon=ICONS[one.state],
        word=words(f"integrations.state.{one.state}"),
        about=about(one.found, reader),
        calls=calls(one.done, reader),
        spark=drawn,
        spark_url=log.but(range="24h").url("/histogram"),
        ends=_ends(signed_in, reader),
        ends_url=PageQuery(tz=query.tz, lang=query.lang).url(f"/entries/{signed_in.entry}") if signed_in else "",
        causes=[
            Link(
                Markup("{}").format(names.cause_label(cause, words, whose)), log.but(range="24h", cause=(cause,)).url()
            )
            for cause, _ in causes.most_common(CAUSES)
        ],
        settings=settings,
        silent=_silent(one.missed, one.done, one.name, reader),
        actions=[
            _action(each, log, reader)
            for each in sorted(one.done, key=lambda each: (-each.failed - each.partly, -each.calls))
        ],
        log_url=log.url(),
        host_url=_host(side, one.id, one.platform, one.known, reader),
    )


def log_of(side: str, identity: str, query: PageQuery) -> PageQuery:
    """Its calls of seven days."""
    return PageQuery(range="7d", tz=query.tz, lang=query.lang).but(**{f"{side}_integration": (identity,)})


def tone(one: Fared) -> str:
    return TONES.get(one.state, "unknown")


def _signed_in(store: Store, done: Mapping[str, list[Activity]], reader: Reader) -> dict[str, SignIn]:
    """By account: the latest sign-in that worked, where its answer says when the access ends."""
    if reader.profiles is None:
        return {}
    latest: dict[str, Activity] = {}
    for account, calls in done.items():
        told = [one for one in calls if one.action in SIGNING_IN and one.last_success is not None]
        if told:
            latest[account] = max(told, key=lambda one: one.last_success or EPOCH)
    entries = store.entries_at([(one.success_id, one.last_success) for one in latest.values() if one.last_success])
    found = {}
    for account, one in latest.items():
        entry = entries.get(one.success_id)
        ends = reader.profiles.expires(entry) if entry is not None else None
        if ends is not None:
            found[account] = SignIn(one.success_id, ends)
    return found


def _ends(signed_in: SignIn | None, reader: Reader) -> Markup:
    if signed_in is None:
        return Markup()
    over = signed_in.ends <= reader.clock.now
    return reader.words("integrations.ended" if over else "integrations.ends", at=reader.clock.tag(signed_in.ends))


def about(found: Health, reader: Reader) -> Markup:
    words, action = reader.words, names.action(found.action, reader.words) if found.action else ""
    if found.state == "failing":
        if found.since is None:
            return words("integrations.failing_always", action=action)
        return words("integrations.failing_since", action=action, at=reader.clock.tag(found.since))
    if found.state == "silent" and found.silence is not None:
        return words("integrations.silent_since", action=action)
    if found.state == "silent" and found.since is not None:
        return words("integrations.silent_day", at=reader.clock.tag(found.since))
    return words(f"integrations.about.{found.state}")


def _silent(missed: list[Silence], done: list[Activity], name: str, reader: Reader) -> list[SilenceView]:
    """The silences in words, each since the last call of its action."""
    lasts = {one.action: one.last for one in done}
    now = reader.clock.now
    return [view(one, name, lasts.get(one.rhythm.action, one.since), now, "now", reader) for one in missed]


def _action(one: Activity, log: PageQuery, reader: Reader) -> ActionView:
    bare = PageQuery(tz=log.tz, lang=log.lang)
    return ActionView(
        name=names.action(one.action, reader.words),
        url=log.but(action=(one.action,)).url(),
        calls=f"{one.calls:,}",
        failed=f"{one.failed:,}",
        rate=_rate(one.failed, one.calls),
        partly=reader.words("integrations.partly", count=f"{one.partly:,}") if one.partly else Markup(""),
        success=reader.clock.tag(one.last_success) if one.last_success else Markup("–"),
        success_url=bare.url(f"/entries/{one.success_id}") if one.success_id else "",
        failure=reader.clock.tag(one.last_failure) if one.last_failure else Markup("–"),
        failure_url=bare.url(f"/entries/{one.failure_id}") if one.failure_id else "",
    )


def calls(done: list[Activity], reader: Reader) -> Markup:
    """How many there were, and how many failed."""
    words = reader.words
    every, failed, partly = (sum(getattr(one, name) for one in done) for name in ("calls", "failed", "partly"))
    told = words.count("integrations.calls", every, failed=f"{failed:,}", rate=_rate(failed, every))
    return told + " " + words("integrations.calls_partly", count=f"{partly:,}") if partly else told


def _host(side: str, identity: str, platform: str, known: Registration | None, reader: Reader) -> str:
    """Its page in the host system: an id that only the platform has for the account would lead nowhere there."""
    if known is None:
        return ""
    own = names.safe_link(known.link)
    return own or reader.templates.link(f"{side}_account", identity, merchant=known.merchant, platform=platform)


def _rate(failed: int, calls: int) -> str:
    return f"{100 * failed / calls:.0f} %" if calls else "–"
