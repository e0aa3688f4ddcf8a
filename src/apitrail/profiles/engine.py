"""What an exchange means, by the profiles of its platform.

Pure: profiles are read and compiled once, by `Profiles.load`; nothing is read or written afterwards, and one
`Profiles` serves all threads. `entry` never raises: whatever an exchange holds, it becomes an entry. A part that
cannot be read is left untold; should a rule itself fail, the entry is judged by its status alone.

What the caller stated wins over what was derived, and both are kept: `Entry.stated` is what was said, `Entry.derived`
what it overruled. `derive` tells at any time all that would have been derived without it.

Which integrations are registered changes while a server runs. So it is no part of `Profiles`: `registered` makes an
immutable table of them, which is handed to `entry` with each exchange.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from apitrail.entry import Entry, EntryRow, Incoming, Outcome, Payload
from apitrail.exchange import Direction, Exchange, Failure, Integration, Source, Stated
from apitrail.profiles import afterwards
from apitrail.profiles.blame import Finding, verdict
from apitrail.profiles.catalogue import BUILT_IN, HERE, UNKNOWN, Action, Catalogue, Side, advice
from apitrail.profiles.derived import Derived
from apitrail.profiles.facts import Facts
from apitrail.profiles.identifiers import references
from apitrail.profiles.judging import Judge
from apitrail.profiles.locators import first_text
from apitrail.profiles.owners import owners
from apitrail.profiles.payloads import payload
from apitrail.profiles.plans import Plan
from apitrail.profiles.platform import Platform
from apitrail.profiles.problems import ProfileError
from apitrail.profiles.reading import FILE, read_profile
from apitrail.profiles.recognition import Recognition
from apitrail.profiles.registered import NOBODY, Registered
from apitrail.profiles.schema import GENERIC, File
from apitrail.profiles.stating import goes_by, owned, settle
from apitrail.profiles.unreached import unreached
from apitrail.profiles.walks import Found
from apitrail.registration import Registration

_log = logging.getLogger("apitrail.profiles")
ACCOUNT_LENGTH = 180
"""Characters; with the platform's name it must fit a name."""
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
ADVICE_KEPT = 10_000
"""Sentences kept ready."""


class Profiles:
    """All profiles, compiled."""

    def __init__(self, files: list[File], catalogue: Catalogue = BUILT_IN) -> None:
        """From files that were checked. `load` is how one comes by them."""
        self.actions: dict[str, Action] = catalogue.actions
        self.files = {file.name: file for file in files}
        self._catalogue = catalogue
        self._platforms = {file.name: Platform(file, catalogue) for file in files}
        self._generic = self._platforms[GENERIC]
        self._recognition = Recognition(files)
        self._judge = Judge(catalogue, self._platforms, self._generic, self._recognition)
        self._owners = {action: owners(action) for action in catalogue.actions}
        self._advice: dict[tuple[object, ...], str] = {}

    @classmethod
    def load(cls, folder: Path | None = None) -> Profiles:
        """The built-in profiles, with those of `folder` (one subfolder each) in place of or beside them.

        Raises ProfileError naming file and line, what is wrong and what to do.
        """
        files = {file.name: file for file in _built_in()}
        if folder is not None:
            if not folder.is_dir():
                raise ProfileError(folder, 1, "no folder", "Name a folder that holds one subfolder per platform.")
            files |= {file.name: file for file in _read_all(folder)}
        return cls(list(files.values()))

    @property
    def own(self) -> list[File]:
        """The profiles that are not ours: those of `load`'s folder."""
        ours = {file.name: file for file in _built_in()}
        return [file for file in self.files.values() if ours.get(file.name) is not file]

    @property
    def platforms(self) -> dict[str, str]:
        """Name → what people read, of every platform that has a profile."""
        return {name: platform.label for name, platform in self._platforms.items()}

    def side(self, platform: str) -> Side | None:
        """Whether it is an e-commerce platform (`ec`), a carrier (`shipping`) or both; None where no profile says."""
        found = self._platforms.get(self._recognition.named(platform) or "")
        return found.side if found is not None else None

    def docs(self, platform: str) -> str | None:
        """Where a platform documents its errors."""
        found = self._platforms.get(self._recognition.named(platform) or "")
        return found.docs or None if found is not None else None

    def registered(self, registrations: Iterable[Registration]) -> Registered:
        """The table of these integrations, by the names that platforms have here."""
        return Registered(registrations, self._names)

    def entry(self, x: Exchange, *, received_at: datetime | None = None, registered: Registered = NOBODY) -> Entry:
        """The exchange with what it means. Never raises; `received_at` defaults to now."""
        return self.incoming(x, received_at=received_at, registered=registered).whole()

    def incoming(
        self, x: Exchange, *, received_at: datetime | None = None, registered: Registered = NOBODY
    ) -> Incoming:
        """The same as `entry`, for the log."""
        request = payload(x.request)
        response = payload(x.response) if x.response is not None else None
        facts = Facts(x, request, response)
        table = registered or None  # asked once: where nothing is registered, nothing is looked up
        try:
            found = self._derive(facts, x.stated, table)
        except Exception:
            _log.exception("a rule failed on %s %s", x.method, facts.path)
            found = _by_status(x)
        stated = x.stated
        overruled = None
        if stated is not None:
            overruled = settle(
                found,
                stated,
                table,
                action=self._catalogue.settle(stated.action) if stated.action else "",
                platform=(self._recognition.named(stated.platform) or stated.platform) if stated.platform else "",
            )
        entry = Entry(
            id=x.id,
            created_at=x.created_at,
            direction=x.direction,
            platform=found.platform,
            action=found.action,
            method=x.method,
            url=x.url,
            path=facts.path,
            ec_integration=found.ec_integration,
            shipping_integration=found.shipping_integration,
            merchant=found.merchant,
            source=found.source,
            status=x.status,
            outcome=found.outcome,
            cause=found.cause,
            code=found.code,
            message=found.message,
            reported_by=found.reported_by,
            advice=self.advice(found, x.direction, error=x.error),
            retryable=found.retryable,
            duration_ms=x.duration_ms,
            attempt=x.attempt,
            call=x.call,
            items=found.items,
            counts=found.counts,
            not_sent=found.not_sent,
            error=x.error,
            http_version=x.http_version,
            trace=x.trace,
            stated=stated,
            derived=overruled,
            recorder=x.recorder,
            received_at=received_at or datetime.now(UTC),
            request=request,
            response=response,
        )
        return Incoming(entry, found.kinds, found.runs, found.ids)

    def derive(self, x: Exchange, *, registered: Registered = NOBODY) -> Derived:
        """What would be derived of `x` had its caller stated nothing. May raise where a rule is at fault."""
        response = payload(x.response) if x.response is not None else None
        derived = self._derive(Facts(x, payload(x.request), response), None, registered or None)
        derived.advice = self.advice(derived, x.direction, error=x.error)
        return derived

    def _derive(self, facts: Facts, stated: Stated | None, registered: Registered | None) -> Derived:
        host = registered.by_host(facts.host) if registered is not None else None
        platform, certain, recognised = self._whose(facts, stated, registered, host)
        inbound = facts.direction == "inbound"
        plan = platform.webhook(facts) if inbound else platform.endpoint(facts, anywhere=not certain)
        if stated is not None and stated.action and plan.action == UNKNOWN:
            facts.action = self._catalogue.settle(stated.action)
        else:
            facts.action = plan.action
        found: Found = defaultdict(list)
        plan.collect(facts, found)
        if stated is not None and stated.not_sent is not None:
            derived = self._not_sent(platform, facts, stated.not_sent)
            derived.not_sent = stated.not_sent
        else:
            derived = self._judge.judge(facts, platform, plan)
        derived.platform = recognised
        derived.action = plan.action
        derived.side = side = self._side(platform, facts.action)
        owner = host
        account = first_text(platform.account, facts) if platform.account else None
        if account is not None:
            if len(account) > ACCOUNT_LENGTH:
                account = None
            elif registered is not None:
                owner = registered.by_account(platform.name, account, side) or host
        if account is not None and not goes_by(account, stated, owner):
            found["account"].append(account)  # what it is under its platform stays findable
        if owner is not None:
            self._put_down_to(derived, owner)
        elif account is not None:
            integration = Integration(account, f"{platform.label} {account}")
            if side == "shipping":
                derived.shipping_integration = integration
            else:
                derived.ec_integration = integration
        derived.source = self._source(derived, plan, found, facts, owner.link if owner is not None else "")
        derived.kinds, derived.runs, derived.ids = references(owned(stated) if stated is not None else [], found)
        return derived

    def _whose(
        self, facts: Facts, stated: Stated | None, registered: Registered | None, host: Registration | None
    ) -> tuple[Platform, bool, str | None]:
        """The platform, whether its host is its own (then paths are taken whole), and what it would be by the
        exchange alone.

        A registered host is surer than what only that platform sends; that the caller stated an integration is the
        least sure, for what is done on its behalf may call others too.
        """
        name = by_host = self._recognition.host(facts)
        if name is None and registered is not None and host is not None:
            name = registered.platform(host)
        if name is None:
            name = self._recognition.signature(facts)
        if name is None and registered is not None and (owner := registered.by_statement(stated)) is not None:
            name = registered.platform(owner)
        if stated is not None and stated.platform:
            wanted = self._recognition.named(stated.platform)
            return self._platforms[wanted] if wanted else self._generic, wanted is not None and wanted == by_host, name
        known = self._platforms.get(name, self._generic) if name is not None else self._generic
        return known, by_host is not None, None if name == GENERIC else name

    def _names(self, one: Registration) -> tuple[str, set[str]]:
        """A registration's platform by its profile's name, and its accounts, also as the part of the platform's host
        that tells them: `acme` of `acme.myshopify.com`."""
        platform = self._recognition.named(one.platform)
        accounts = set(one.accounts)
        for account in (*one.accounts, *one.hosts):
            if "." not in account:
                continue
            facts = Facts(Exchange(created_at=_EVER, method="GET", url=f"https://{account}/"), Payload(), None)
            if self._recognition.host(facts) == platform and platform is not None:
                accounts.update(facts.captures.values())
        return platform or one.platform, accounts

    def _put_down_to(self, derived: Derived, owner: Registration) -> None:
        """The registered integration in place of the platform's bare account."""
        name = owner.name
        if not name:
            known = self._platforms.get(derived.platform or "")
            name = f"{known.label if known is not None else owner.platform} {owner.id}"
        derived.merchant = owner.merchant or None
        if owner.side == "shipping":
            derived.shipping_integration = Integration(owner.id, name)
        else:
            derived.ec_integration = Integration(owner.id, name)

    def _side(self, platform: Platform, action: str) -> Side:
        if platform.side != "both":
            return platform.side
        known = self.actions.get(action)
        return known.side if known is not None else "both"

    def _source(self, derived: Derived, plan: Plan, found: Found, facts: Facts, link: str) -> Source | None:
        """The one object that the call is about: the path names it, or it is the only one of its type, or (as a
        notification is about one thing) the first; else the account."""
        kinds = (plan.source,) if plan.source else self._owners.get(derived.action, ())
        for kind in kinds:
            if kind in facts.captures:
                return Source(kind, facts.captures[kind])
            ids = found.get(kind)
            if ids:
                if facts.direction == "inbound" or len(ids) == 1 or len(set(ids)) == 1:
                    return Source(kind, ids[0])
                break
        if derived.ec_integration is not None:
            return Source("ec_account", derived.ec_integration.id, derived.ec_integration.name, link)
        if derived.shipping_integration is not None:
            account = derived.shipping_integration
            return Source("shipping_account", account.id, account.name, link)
        return None

    def _not_sent(self, platform: Platform, facts: Facts, reason: str) -> Derived:
        tables = () if platform is self._generic else (platform.errors,)
        found = verdict(Finding(message=reason, action=facts.action), tables, self._generic.errors)
        return Derived("request_error", found.cause, retryable=found.retryable)

    def deliveries(self, entry: Entry, parcels: Sequence[Collection[str]] = ((),)) -> list[str | None]:
        """Where parcels, each given by its numbers, are by an entry, in the platform's words; None where that is not
        known. Without numbers it is the one parcel that the entry is about.
        """
        platform = self._platforms.get(entry.platform or "")
        return afterwards.deliveries(platform, entry, parcels) if platform is not None else [None] * len(parcels)

    def tells_making(self, platform: str) -> bool:
        """Whether answers of the platform can be told to be about a label that is still being made."""
        known = self._platforms.get(platform)
        return known is not None and bool(known.making[0])

    def making(self, entry: Entry, parcels: Sequence[Collection[str]] = ((),)) -> list[str | None]:
        """The platform's word for each parcel, given by its numbers, whose label it is still making by an entry; None
        for any other, and where that is not known.
        """
        platform = self._platforms.get(entry.platform or "")
        return afterwards.making(platform, entry, parcels) if platform is not None else [None] * len(parcels)

    def expires(self, entry: Entry) -> datetime | None:
        """When the access ends that an answer to signing in gave; None where it does not say."""
        return afterwards.expires(self._platforms.get(entry.platform or "", self._generic), entry)

    def advice(
        self,
        entry: EntryRow | Derived,
        direction: Direction = "outbound",
        language: str = "en",
        error: Failure | None = None,
    ) -> str | None:
        """One sentence: who acts, and how, in English or (any `zh…`) Traditional Chinese; None for a success.

        What `entry` puts into `Entry.advice` is this in English. A row brings its own direction and error.
        """
        if entry.outcome == "success":
            return None
        if isinstance(entry, EntryRow):
            direction, error = entry.direction, entry.error
        sent = not unreached(error)
        carrier = entry.shipping_integration is not None and entry.ec_integration is None
        key = (
            entry.cause,
            entry.outcome == "warning",
            entry.platform,
            entry.reported_by,
            direction,
            entry.action,
            carrier,
            sent,
            entry.retryable,
            language,
        )
        text = self._advice.get(key)
        if text is None:
            text = self._sentence(entry, direction, language, carrier=carrier, sent=sent)
            if len(self._advice) < ADVICE_KEPT:  # a caller may state any name as the platform's
                self._advice[key] = text
        return text

    def _sentence(
        self, entry: EntryRow | Derived, direction: Direction, language: str, *, carrier: bool, sent: bool
    ) -> str:
        """`carrier`: the call was made for a shipping account alone, which tells it where no profile does.
        `sent`: it may have come to the platform, so what may be done twice is looked for before it is tried again.
        """
        platform = self._platforms.get(entry.platform or "")
        action = self.actions.get(entry.action)
        side = platform.side if platform is not None else "both"
        if side == "both" and action is not None:
            side = action.side
        who = entry.reported_by or entry.platform
        if who is None:
            known = ("the carrier", "物流商") if carrier else ("the platform", "平台")
            who = known[language.lower().startswith("zh")]
        return advice(
            self._catalogue,
            entry.cause or "unknown",
            platform=self._platforms[who].label if who in self._platforms else who,
            side=side,
            direction=direction,
            repeatable=not sent or action is None or action.repeatable,
            later=entry.retryable is True,
            warning=entry.outcome == "warning",
            language=language,
        )


def _read_all(folder: Path, *, check: bool = True) -> list[File]:
    return [read_profile(file, BUILT_IN, check=check) for file in sorted(folder.glob(f"*/{FILE}"))]


@cache
def _built_in() -> tuple[File, ...]:
    """Ours, read once per process; the tests check them."""
    return tuple(_read_all(HERE / "platforms", check=False))


def _by_status(x: Exchange) -> Derived:
    """The least that can be said, where a rule is at fault."""
    status = x.status
    if x.stated is not None and x.stated.not_sent is not None:
        outcome: Outcome = "request_error"
    elif status is None or status >= 500:
        outcome = "platform_error"
    else:
        outcome = "request_error" if status >= 400 else "success"
    stated = owned(x.stated) if x.stated is not None else []
    return Derived(
        outcome=outcome,
        cause=None if outcome == "success" else "unknown",
        kinds=[one.type for one in stated],
        runs=[1] * len(stated),
        ids=[one.id for one in stated],
        not_sent=x.stated.not_sent if x.stated is not None else None,
    )
