"""Gives a command the flags of the settings it needs, from the one table of settings."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer

from apitrail.server.settings_text import Row, load, rows


def with_settings(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """For a command whose first parameter is `settings`: it gets them, from the flags named here (all of them if
    none is named) and the environment. Its other parameters stay as they are.
    """
    chosen = [row for row in rows() if not names or row.name in names]

    def wrap(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def called(**given: Any) -> None:
            flags = {row.name: given.pop(row.name) for row in chosen}
            command(load(flags, os.environ), **given)

        hints = get_type_hints(command, include_extras=True)
        own = [
            parameter.replace(annotation=hints[name])
            for name, parameter in inspect.signature(command).parameters.items()
            if name != "settings"
        ]
        parameters = [*own, *(_parameter(row) for row in chosen)]
        called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        called.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return called

    return wrap


def _parameter(row: Row) -> inspect.Parameter:
    """Flags are taken as text and read by the table, so that a wrong value gets the same words from everywhere."""
    kind = {bool: bool | None, tuple: list[str] | None}.get(row.kind, str | None)
    shown = row.write(row.default)
    note = f"{row.setting.about} [{row.variable}{f'; default: {shown}' if shown else ''}]"
    option = typer.Option(row.flag, help=note, show_default=False, metavar=None if row.kind is bool else "VALUE")
    return inspect.Parameter(row.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, option])
