"""`apitrail profile`: what the author of a platform profile asks. Nothing is stored, and no server is needed."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import typer

from apitrail.entry import Entry
from apitrail.exchange import Exchange
from apitrail.formats import har
from apitrail.profiles import ProfileError, Profiles
from apitrail.profiles.catalogue import BUILT_IN, UNKNOWN
from apitrail.profiles.reading import read_profile
from apitrail.profiles.samples import described, differences, parse_exchange, read_sample
from apitrail.server.boards.parcels import DELIVERY
from apitrail.server.problems import Problem, shorten
from apitrail.size import counted

_NUMBER = re.compile(r"\d")
_WORD = 24
"""Characters; a longer segment of a path is taken for an identifier."""
_SHOWN = (
    "platform", "action", "direction", "ec_integration", "shipping_integration", "source", "references", "outcome",
    "cause", "code", "message", "reported_by", "advice", "retryable", "counts", "items",
)  # fmt: skip


def check(file: Path) -> bool:
    """Checks a profile and runs the samples beside it; prints what is not as expected. Answers whether all is well.

    Raises Problem for a profile that is refused.
    """
    profiles = _with(file)
    profile = profiles.files[file.resolve().parent.name]
    samples = sorted(file.resolve().parent.glob("samples/*.http"))
    wrong = 0
    for path in samples:
        try:
            sample = read_sample(path)
        except (OSError, ValueError) as error:
            found = [str(error)]
        else:
            found = differences(profiles, profiles.entry(sample.exchange), sample.expected)
        wrong += bool(found)
        for line in found:
            typer.echo(f"{path}: {line}")
    topics = len(profile.webhooks.topics) if profile.webhooks else 0
    typer.echo(
        f"{profile.label}: {counted(len(profile.endpoints), 'endpoint', 'endpoints')}, "
        f"{counted(topics, 'webhook topic', 'webhook topics')}, {counted(len(profile.sign), 'sign', 'signs')}, "
        f"{counted(len(profile.error), 'error rule', 'error rules')}, "
        f"{counted(len(samples), 'sample', 'samples')}, {wrong} of them not as expected"
    )
    return not wrong


def attempt(file: Path, sample: Path) -> None:
    """Prints what an exchange becomes with a profile. `sample` is an `.http` sample, or an exchange as JSON.

    Raises Problem for what cannot be read.
    """
    profiles = _with(file)
    entry = profiles.entry(_exchange(sample))
    for name in _SHOWN:
        found = described(entry, name)
        for line in found if isinstance(found, list) else [found]:
            if line not in ("", {}):
                typer.echo(f"{name:<21} {_plain(line)}")
    if entry.action in DELIVERY:
        for number, words in _places(profiles, entry):
            typer.echo(f"{'delivery':<21} {_plain(f'{number} {words}'.strip())}")
    if (making := profiles.making(entry)[0]) is not None:
        typer.echo(f"{'making':<21} {_plain(making)}")
    if entry.action.startswith("auth.") and (ends := profiles.expires(entry)) is not None:
        typer.echo(f"{'expires':<21} {ends.isoformat()}")


def _places(profiles: Profiles, entry: Entry) -> list[tuple[str, str]]:
    """Where the entry tells each parcel that it names to be; without a number where it names none."""
    numbers = [one.id for one in entry.references if one.type in ("tracking", "shipment")] or [""]
    words = profiles.deliveries(entry, [[number] if number else [] for number in numbers])
    return [(number, told) for number, told in zip(numbers, words, strict=True) if told]


def coverage(corpus: Path, folder: Path | None) -> None:
    """Prints which calls and errors of a HAR file no profile understands, the most frequent first.

    Raises Problem for what cannot be read.
    """
    try:
        profiles = Profiles.load(folder)
    except ProfileError as error:
        raise _refused(error) from error
    calls: Counter[tuple[str, str]] = Counter()
    errors: Counter[tuple[str, str]] = Counter()
    patterns = set()
    read = failed = unread = 0
    for one in _read(corpus):
        if isinstance(one, har.BadEntry):
            unread += 1
            continue
        read += 1
        entry = profiles.entry(one)
        platform = entry.platform or "no platform"
        pattern = _pattern(entry)
        patterns.add((platform, pattern))
        if entry.action == UNKNOWN:
            calls[platform, pattern] += 1
        if entry.outcome != "success":
            failed += 1
            if entry.cause in (None, "unknown"):
                said = " ".join(part for part in (entry.code, entry.message) if part)
                status = "no answer" if entry.status is None else f"HTTP {entry.status}"
                errors[platform, f"{entry.action}: {status} {said}".rstrip()] += 1
    typer.echo(
        f"{counted(read, 'exchange', 'exchanges')}, {counted(len(patterns), 'method and path', 'methods and paths')}, "
        f"{counted(failed, 'failure or warning', 'failures and warnings')}"
    )
    if unread:
        typer.echo(f"{counted(unread, 'entry', 'entries')} of the file cannot be read")
    _tell("calls not understood", calls)
    _tell("errors not understood", errors)


def _tell(what: str, found: Counter[tuple[str, str]]) -> None:
    typer.echo(f"\n{what}: {found.total()} of {counted(len(found), 'kind', 'kinds')}")
    for (platform, text), count in sorted(found.items(), key=lambda one: (-one[1], one[0])):
        typer.echo(f"{count:>6}  {platform}  {shorten(text, 200)}")


def _pattern(entry: Entry) -> str:
    """Method, host and path, with `{}` where an identifier seems to stand."""
    segments = [
        "{}" if (_NUMBER.search(segment) and not _version(segment)) or len(segment) > _WORD else segment
        for segment in entry.path.split("/")
    ]
    try:
        host = urlsplit(entry.url).hostname or ""
    except ValueError:
        host = ""
    return f"{entry.method} {host}{'/'.join(segments)}"


def _version(segment: str) -> bool:
    """`v2`, `3.0`, `2024-01`: a part of the interface, and no identifier."""
    return re.fullmatch(r"v\d+(\.\d+)*|\d{1,2}(\.\d+)+|20\d\d-\d\d(-\d\d)?", segment, re.IGNORECASE) is not None


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{number} {name}" for name, number in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return shorten(value, 2_000)


def _with(file: Path) -> Profiles:
    """All profiles, with the one in `file` in place of ours or beside them."""
    file = file.resolve()
    try:
        profile = read_profile(file, BUILT_IN)
        return Profiles(list((Profiles.load().files | {profile.name: profile}).values()))
    except ProfileError as error:
        raise _refused(error) from error
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(
            "cannot be read", field="FILE", value=file, fix="Give a profile.toml (UTF-8) that you may read."
        ) from error


def _refused(error: ProfileError) -> Problem:
    return Problem(f"{error.file}:{error.line}: {error.what}", fix=error.fix)


def _exchange(path: Path) -> Exchange:
    try:
        text = path.read_text("utf-8")
        if path.suffix == ".http":
            return parse_exchange(text)
        return msgspec.json.decode(text, type=Exchange)
    except (OSError, ValueError) as error:
        raise Problem(
            f"cannot be read ({error})",
            field="EXCHANGE",
            value=path,
            fix="Give an .http sample, or one exchange as JSON; docs/profiles.md shows both.",
        ) from error


def _read(path: Path) -> list[Exchange | har.BadEntry]:
    try:
        return list(har.read(path.read_bytes()))
    except OSError as error:
        raise Problem("cannot be read", field="CORPUS", value=path, fix="Give a HAR file that you may read.") from error
    except har.HarError as error:
        raise Problem(error.reason, field=f"{path}: {error.field}", value=error.value, fix=error.fix) from error
