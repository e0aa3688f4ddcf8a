"""The settings as text: read from flags and the environment, shown at the start-up, documented.

A value is looked for as a flag, then in the environment (`APITRAIL_` and the name in capitals), then its default
holds. All three are read by the same parser, so that a wrong one is refused in the same words.

`docs/settings.md` is written by `python -m apitrail.server.settings_text`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from apitrail.server.problems import Problem
from apitrail.server.settings import BYTES, Setting, Settings

ENVIRONMENT_PREFIX = "APITRAIL_"

_HEAD = """\
# Settings

<!-- Written by `python -m apitrail.server.settings_text`; change src/apitrail/server/settings.py instead. -->

Every setting of `apitrail serve` can be given as a flag or in the environment. If both are given, the flag is used. At
the start, the server prints the settings that differ from their defaults, with passwords masked. Sizes are in bytes, or
have a unit: `512MiB`, `1200MB`. If the server cannot read a value, it does not start: it prints the setting, the value
and what is allowed.

The commands that work on a log (`apitrail token`, `apitrail import`, `apitrail integrations`) take `--data` and
`--store` with the same meaning; `apitrail import` takes `--profiles` too.

"""

_UNITS = {"GiB": 1 << 30, "GB": 10**9, "MiB": 1 << 20, "MB": 10**6, "KiB": 1 << 10, "KB": 1000, "B": 1, "": 1}
_SIZE = re.compile(rf"(\d+)\s*({'|'.join(_UNITS)})", re.IGNORECASE)
_SIZE_UNITS = {name.lower(): factor for name, factor in _UNITS.items()}
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


class Row(Struct, frozen=True):
    """One setting as flags, environment, documentation and the start-up block need it."""

    name: str
    kind: Any
    """bool, int, str, Path or tuple."""
    default: Any
    setting: Setting

    @property
    def flag(self) -> str:
        """The flag of `apitrail serve`, as one types it."""
        dashed = self.name.replace("_", "-")
        return f"--{dashed}/--no-{dashed}" if self.kind is bool else f"--{dashed}"

    @property
    def variable(self) -> str:
        """The environment variable."""
        return ENVIRONMENT_PREFIX + self.name.upper()

    def write(self, value: Any) -> str:
        """The value as a person would type it."""
        if self.kind is bool:
            return "yes" if value else "no"
        if self.kind is tuple:
            return ",".join(value)
        if self.setting.unit is BYTES:
            return _write_size(value)
        return "" if value is None else str(value)

    def read(self, text: str, origin: str) -> Any:
        """The value of `text`. Raises Problem naming `origin` (the flag or variable) for what does not fit."""
        text = text.strip()
        if self.kind is bool:
            if text.lower() in _TRUE or text.lower() in _FALSE:
                return text.lower() in _TRUE
            raise Problem("is neither yes nor no", field=origin, value=text, fix="Write yes or no.")
        if self.kind is tuple:
            return tuple(part.strip() for part in text.split(",") if part.strip())
        if self.kind is int:
            return None if not text and self.default is None else self._read_number(text, origin)
        if self.kind is Path:
            if not text:
                raise Problem("is empty", field=origin, fix="Name a folder.")
            return Path(text).expanduser()
        return text

    def _read_number(self, text: str, origin: str) -> int:
        sized = self.setting.unit is BYTES
        match = _SIZE.fullmatch(text) if sized else re.fullmatch(r"(\d+)", text)
        low, high = self.setting.low or 0, self.setting.high
        write = self.write
        fits = f"from {write(low)}" if high is None else f"between {write(low)} and {write(high)}"
        if match is None:
            shape = "size such as 512MiB" if sized else "whole number"
            raise Problem(f"is not a {shape}", field=origin, value=text, fix=f"Give a {shape}, {fits}.")
        value = int(match[1]) * (_SIZE_UNITS[match[2].lower()] if sized else 1)
        if value < low or (high is not None and value > high):
            raise Problem("is out of range", field=origin, value=text, fix=f"Give a value {fits}.")
        return value


@cache
def rows() -> tuple[Row, ...]:
    """The table, in the order of `Settings`."""
    hints = get_type_hints(Settings, include_extras=True)
    made = []
    for field in fields(Settings):
        kind, setting = get_args(hints[field.name])
        assert field.default is not NODEFAULT, field.name
        plain = int if kind == int | None else get_origin(kind) or kind
        made.append(Row(field.name, plain, field.default, setting))
    return tuple(made)


def load(given: Mapping[str, object], environment: Mapping[str, str]) -> Settings:
    """The settings from flags (`given`: text as typed, or a bool, or a list of texts; None where not given) and the
    environment. Raises Problem for the first value that does not fit.
    """
    values: dict[str, Any] = {}
    for row in rows():
        flag = given.get(row.name)
        if isinstance(flag, bool):
            values[row.name] = flag
        elif isinstance(flag, list | tuple) and flag:
            values[row.name] = row.read(",".join(flag), row.flag)
        elif isinstance(flag, str):
            values[row.name] = row.read(flag, row.flag)
        elif row.variable in environment:
            values[row.name] = row.read(environment[row.variable], row.variable)
    return Settings(**values)


def changed(settings: Settings) -> list[tuple[str, str]]:
    """(name, value) of the settings that differ from their default, a password within a URL masked."""
    return [
        (row.name, re.sub(r"(://[^:/@]*:)[^@]*@", r"\1***@", row.write(getattr(settings, row.name))))
        for row in rows()
        if getattr(settings, row.name) != row.default
    ]


def document() -> str:
    """The settings as Markdown: what `docs/settings.md` holds."""
    lines: list[str] = []
    for row in rows():
        setting = row.setting
        shown = f"`{row.write(row.default)}`" if row.write(row.default) else "empty"
        lines += [f"### `{row.name}`", "", setting.about, ""]
        lines += [f"- Flag: `{row.flag}`, environment: `{row.variable}`", f"- Default: {shown} ({setting.unit})"]
        if setting.low is not None or setting.high is not None:
            low = f"from {row.write(setting.low)}" if setting.low is not None else ""
            high = f"up to {row.write(setting.high)}" if setting.high is not None else ""
            lines.append(f"- Allowed: {' '.join(part for part in (low, high) if part)}")
        lines.append(f"- At the limit: {setting.at_limit}")
        if setting.neighbour:
            lines.append(f"- See also: `{setting.neighbour}`")
        lines.append("")
    return _HEAD + "\n".join(lines)


def _write_size(value: int) -> str:
    for name, factor in _UNITS.items():
        if factor > 1 and value and value % factor == 0:
            return f"{value // factor}{name}"
    return str(value)


if __name__ == "__main__":
    import sys

    sys.stdout.write(document())
