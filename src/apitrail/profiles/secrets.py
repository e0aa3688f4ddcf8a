"""The secret names that profiles declare, as data for the recorder: `python -m apitrail.profiles.secrets`.

A recorder masks before anything leaves the program and reads no profiles. So what `secrets` of a profile adds to the
recorder's general rule is written into `apitrail.recorder.secrets_platforms`:

- what the rule catches already is left out;
- a name of several words that ends in none of `IDENTIFYING` is masked everywhere;
- any other (`key`, `hash`, `client_id`) is masked only in calls to its platform.

`apitrail.recorder.platforms` has the names and hosts of every platform, for the rules of a host that hold for one.

`place:name` masks a name in one place only: `element:Key` is the XML element, and JSON's `key` stays. `request:name`
is a parameter, in the query or in a form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import cast, get_args

from apitrail.profiles.engine import Profiles
from apitrail.profiles.schema import File
from apitrail.recorder import secrets_platforms
from apitrail.recorder.redaction.whose import platform_key
from apitrail.recorder.secrets import GENERAL, Group, Place, Terms, parts, words

IDENTIFYING = words("id ids no number num name user login email account code type")
"""Last words of names that tell who somebody is: harmless, and wanted, on most platforms."""

_PLACED = re.compile(rf"(?:(request|{'|'.join(get_args(Place))}):)?(.+)")
_HEAD = '''"""Secret names that profiles declare. Written by `python -m apitrail.profiles.secrets`; not by hand.

Data only, so that a recorder need not read profiles. A term is written as in `apitrail.recorder.secrets`.
"""

from __future__ import annotations
'''

_PERSONAL_HEAD = '''"""Personal data by profiles. Written by `python -m apitrail.profiles.secrets`; not by hand.

Loaded only where the setting `personal` is on. A term is written as in `apitrail.recorder.secrets`.
"""

from __future__ import annotations
'''

_PLATFORMS_HEAD = '''"""Names and hosts of platforms. Written by `python -m apitrail.profiles.secrets`; not by hand.

Loaded only where a rule of the host's own holds for one platform.
"""

from __future__ import annotations
'''


def generated(files: Iterable[File]) -> str:
    """The module `apitrail.recorder.secrets_platforms`, for these profiles. The same profiles give the same text."""
    known = Terms(group for group in GENERAL if group.places != ("header",))  # a profile's name may stand in a body
    everywhere: set[str] = set()
    only_at: dict[tuple[str, str], set[str]] = {}
    by_name = {file.name: file for file in files}
    for file in by_name.values():
        for declared in file.secrets:
            place, name = placed(declared)
            if any(not group.hosts or file.name in group.platforms for group in known.judge(name)):
                continue
            pieces = parts(name)
            term = "=" + "".join(pieces)
            if len(pieces) > 1 and pieces[-1] not in IDENTIFYING and not place:
                everywhere.add(term)
            elif pieces:
                for one in ("query", "form") if place == "request" else (place,):
                    only_at.setdefault((file.name, one), set()).add(term)
    scoped = {*(name for name, _ in only_at), *(name for group in GENERAL for name in group.platforms)}
    platforms = {name: by_name[name] for name in sorted(scoped) if name in by_name}
    lines = [
        _HEAD,
        "EVERYWHERE: tuple[str, ...] = (",
        *(f"    {_text(term)}," for term in sorted(everywhere)),
        ")",
        '"""Names that mean nothing else on any platform."""',
        "",
        "ONLY_AT: tuple[tuple[str, str, tuple[str, ...]], ...] = (",
        *(
            f"    ({_text(name)}, {_text(place)}, ({', '.join(map(_text, sorted(terms)))}{',' * (len(terms) == 1)})),"
            for (name, place), terms in sorted(only_at.items())
        ),
        ")",
        '"""(platform, place or empty for every place, terms)."""',
        "",
        *_platforms(platforms.values()),
    ]
    return "\n".join(lines)


def generated_platforms(files: Iterable[File]) -> str:
    """The module `apitrail.recorder.platforms`, for these profiles."""
    return "\n".join([_PLATFORMS_HEAD, *_platforms(sorted(files, key=lambda file: file.name))])


def _platforms(files: Iterable[File]) -> list[str]:
    lines = ["PLATFORMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {"]
    for file in files:
        names = sorted({platform_key(said) for said in (file.name, file.label, *file.aliases)} - {""})
        hosts = sorted({host.lower() for host in file.hosts})
        lines += [
            f"    {_text(file.name)}: (",
            *_listed(names),
            *_listed(hosts),
            "    ),",
        ]
    return [*lines, "}", '"""Platform → (every name of it, folded; its hosts, with `{…}` for any part)."""', ""]


def generated_personal(files: Iterable[File]) -> str:
    """The module `apitrail.recorder.personal_platforms`, for these profiles."""
    lines = [
        _PERSONAL_HEAD,
        "PERSONAL: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {",
    ]
    for file in sorted(files, key=lambda file: file.name):
        group = personal_group(file)
        if group is not None:
            lines += [f"    {_text(file.name)}: ("]
            for texts in (group.platforms, group.hosts, group.terms):
                lines += _listed(list(texts))
            lines += ["    ),"]
    return "\n".join([*lines, "}", '"""Platform → (every name of it, folded; its domains; terms)."""', ""])


def personal_group(file: File) -> Group | None:
    """What a profile declares as personal data; None where it is nothing."""
    terms = {"=" + "".join(parts(name)) for name in file.personal if parts(name)}
    if not terms:
        return None
    return Group(
        "Personal data",
        tuple(sorted(terms)),
        "Masked where the setting `personal` is on.",
        hosts=tuple(sorted({domain for domain in map(_domain, file.hosts) if domain})),
        platforms=tuple(sorted({platform_key(said) for said in (file.name, file.label, *file.aliases)} - {""})),
    )


def groups(files: Iterable[File]) -> list[Group]:
    """What these profiles declare, for the server's own masking: those of a user's folder, which no recorder knows."""
    known = Terms(GENERAL)
    found = []
    for file in files:
        names = tuple(sorted({platform_key(said) for said in (file.name, file.label, *file.aliases)} - {""}))
        hosts = tuple(sorted(filter(None, map(_domain, file.hosts))))
        for declared in file.secrets:
            place, name = placed(declared)
            pieces = parts(name)
            if not pieces or any(
                not (group.hosts or group.platforms or group.places or group.login) for group in known.judge(name)
            ):
                continue
            everywhere = len(pieces) > 1 and pieces[-1] not in IDENTIFYING and not place
            found.append(
                Group(
                    file.label,
                    ("=" + "".join(pieces),),
                    "Declared by a profile of the server's own.",
                    hosts=() if everywhere else hosts,
                    places=cast(
                        "tuple[Place, ...]", ("query", "form") if place == "request" else (place,) * bool(place)
                    ),
                    platforms=() if everywhere else names,
                )
            )
    return found


def _domain(host: str) -> str:
    """The host, or of a pattern the whole labels after what it captures: `acme.example` of `{shop}.acme.example`."""
    _, captured, rest = host.lower().rpartition("}")
    domain = rest.partition(".")[2] if captured else rest
    return domain if "." in domain else ""


def placed(declared: str) -> tuple[str, str]:
    """(place, name) of a secret as profiles declare it; no place is every place."""
    found = _PLACED.fullmatch(declared)
    return (found[1] or "", found[2]) if found else ("", declared)


def _listed(texts: list[str]) -> list[str]:
    """A tuple, one text a line, as the formatter leaves it: what a profile changes is then one line."""
    if len(texts) < 2:
        return [f"        ({''.join(_text(text) + ',' for text in texts)}),"]
    return ["        (", *(f"            {_text(text)}," for text in texts), "        ),"]


def _text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


if __name__ == "__main__":
    files = list(Profiles.load().files.values())
    target = Path(secrets_platforms.__file__)
    target.write_text(generated(files), "utf-8")
    target.with_name("personal_platforms.py").write_text(generated_personal(files), "utf-8")
    target.with_name("platforms.py").write_text(generated_platforms(files), "utf-8")
