"""*EC Integrations* and *Shipping Integrations*: every account of the log or the host system, and how it fares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from markupsafe import Markup
from msgspec import Struct

from apitrail.registration import Registration
from apitrail.server import accounts
from apitrail.server.accounts import Health
from apitrail.server.pages import links, names, party
from apitrail.server.pages.bodies.visible import visible
from apitrail.server.pages.links import Link
from apitrail.server.pages.query import PageQuery
from apitrail.server.pages.reader import Reader
from apitrail.server.pages.silences import SilenceView, view
from apitrail.server.pages.sparks import Spark, first_hour, spark
from apitrail.server.silence import BASIS, WATCHED, Silence
from apitrail.store import Store
from apitrail.store.failures import Hourly
from apitrail.store.model import EPOCH, Activity, Rhythm

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
SIGN_INS = 100
"""Accounts whose latest answer to signing in is looked at."""


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


class IntegrationsView(Struct, frozen=True, kw_only=True):
    """The page."""

    side: str
    accounts: list[AccountView]
    summary: list[Markup]
    """How many there are of each state that somebody must look at."""
    other: Link
    home_url: str
    languages: list[Link]


def integrations(store: Store, side: Literal["ec", "shipping"], query: PageQuery, reader: Reader) -> IntegrationsView:
    """The page. Raises StoreError."""
    now = reader.clock.now
    done: dict[str, list[Activity]] = {}
    for one in store.activity(side, now - accounts.RANGE, now - accounts.DAY):
        done.setdefault(one.account, []).append(one)
    rhythms: dict[str, list[Rhythm]] = {}
    for rhythm in store.rhythms(now - BASIS, now, WATCHED):
        if rhythm.side == side:
            rhythms.setdefault(rhythm.account, []).append(rhythm)
    hours: dict[str, list[Hourly]] = {}
    for hour in store.hourly(side, first_hour(now), now):
        hours.setdefault(hour.account, []).append(hour)
    seen = {one.id: one for one in store.seen(side)}
    registered = {one.id: one for one in store.registrations() if one.side == side}
    signed_in = _signed_in(store, done, reader)
    views = []
    for identity in sorted({*seen, *registered}):
        known, held = registered.get(identity), seen.get(identity)
        enabled = known is None or known.enabled
        calls, regular = done.get(identity, []), rhythms.get(identity, [])
        found = accounts.health(calls, now, regular, enabled=enabled, seen=held is not None)
        if found.state == "silent" and found.since is None and held is not None:
            found = Health("silent", held.day)
        name = (held.name if held else "") or (known.name if known else "") or identity
        platform = held.platform if held else known.platform if known else ""
        missed = accounts.silent(regular, now) if enabled else []
        drawn = spark(hours.get(identity, []), now, reader)
        views.append(
            _account(
                side,
                identity,
                name,
                platform,
                found,
                calls,
                missed,
                known,
                query,
                reader,
                drawn,
                signed_in.get(identity),
            )
        )
    views.sort(key=lambda one: (accounts.ORDER.index(one.state), one.name.lower()))
    counted = Counter(one.state for one in views)
    bare = PageQuery(tz=query.tz, lang=query.lang)
    other = "shipping" if side == "ec" else "ec"
    return IntegrationsView(
        side=side,
        accounts=views,
        summary=[
            reader.words(f"integrations.count.{state}", count=counted[state])
            for state in accounts.ORDER
            if counted[state]
        ],
        other=Link(reader.words(f"integrations.{other}"), bare.url(f"/integrations/{other}")),
        home_url=links.home(query),
        languages=links.languages(bare, reader, f"/integrations/{side}"),
    )


def _account(
    side: str,
    identity: str,
    name: str,
    platform: str,
    found: Health,
    done: list[Activity],
    missed: list[Silence],
    known: Registration | None,
    query: PageQuery,
    reader: Reader,
    drawn: Spark | None,
    signed_in: SignIn | None,
) -> AccountView:
    words, whose = reader.words, party.of_call(platform, reader, shipping=side == "shipping")
    field = f"{side}_integration"
    log = PageQuery(range="7d", tz=query.tz, lang=query.lang).but(**{field: (identity,)})
    causes = Counter(cause for one in done for cause in one.causes)
    calls, failed, partly = (sum(getattr(one, name) for one in done) for name in ("calls", "failed", "partly"))
    settings = (
        [Markup("{}: {}").format(visible(key), visible(value)) for key, value in known.settings.items()]
        if known
        else []
    )
    return AccountView(
        id=identity,
        name=name,
        platform=reader.platform(platform) if platform else "",
        merchant=known.merchant if known else "",
        state=found.state,
        tone=TONES.get(found.state, "unknown"),
        icon=ICONS[found.state],
        word=words(f"integrations.state.{found.state}"),
        about=_about(found, reader),
        calls=_calls(calls, failed, partly, reader),
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
        silent=_silent(missed, done, name, reader),
        actions=[
            _action(one, log, reader) for one in sorted(done, key=lambda one: (-one.failed - one.partly, -one.calls))
        ],
        log_url=log.url(),
        host_url=_host(side, identity, platform, known, reader),
    )


def _signed_in(store: Store, done: Mapping[str, list[Activity]], reader: Reader) -> dict[str, SignIn]:
    """By account: the latest sign-in that worked, where its answer says when the access ends."""
    if reader.profiles is None:
        return {}
    latest: dict[str, Activity] = {}
    for account, calls in done.items():
        told = [one for one in calls if one.action in SIGNING_IN and one.last_success is not None]
        if told:
            latest[account] = max(told, key=lambda one: one.last_success or EPOCH)
    shown = sorted(latest.items(), key=lambda pair: pair[1].last_success or EPOCH, reverse=True)[:SIGN_INS]
    entries = store.entries_at([(one.success_id, one.last_success) for _, one in shown if one.last_success])
    found = {}
    for account, one in shown:
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


def _about(found: Health, reader: Reader) -> Markup:
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


def _calls(calls: int, failed: int, partly: int, reader: Reader) -> Markup:
    words = reader.words
    told = words.count("integrations.calls", calls, failed=f"{failed:,}", rate=_rate(failed, calls))
    return told + " " + words("integrations.calls_partly", count=f"{partly:,}") if partly else told


def _host(side: str, identity: str, platform: str, known: Registration | None, reader: Reader) -> str:
    """Its page in the host system: an id that only the platform has for the account would lead nowhere there."""
    if known is None:
        return ""
    own = names.safe_link(known.link)
    return own or reader.templates.link(f"{side}_account", identity, merchant=known.merchant, platform=platform)


def _rate(failed: int, calls: int) -> str:
    return f"{100 * failed / calls:.0f} %" if calls else "–"
