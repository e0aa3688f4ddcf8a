"""What the server knows besides the log: the platforms, and the host system's integrations and pages."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from apitrail.profiles import ProfileError, Profiles
from apitrail.server.linking import LinkTemplates
from apitrail.server.missing import Missing
from apitrail.server.problems import Problem
from apitrail.server.registry import Registry
from apitrail.server.settings import Settings
from apitrail.server.shared import SharedViews
from apitrail.server.usual import Durations


class Known(Struct, frozen=True):
    """What pages need to name things and to lead on."""

    profiles: Profiles
    registry: Registry
    templates: LinkTemplates
    durations: Durations
    missing: Missing
    views: SharedViews
    export_limit: int
    """Entries of one download."""


def load_profiles(settings: Settings) -> Profiles:
    """Our profiles, with those of the folder `profiles` in their place or beside them.

    Raises Problem naming the file, its line and what to do: with a profile that cannot be used nothing starts, for
    entries are never derived again.
    """
    if not settings.profiles:
        return Profiles.load()
    folder = Path(settings.profiles).expanduser()
    try:
        loaded = Profiles.load(folder)
    except ProfileError as error:
        raise Problem(
            f"{error.file}:{error.line}: {error.what}", field="profiles", value=settings.profiles, fix=error.fix
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(
            f"a profile cannot be read ({error})",
            field="profiles",
            value=settings.profiles,
            fix="Give a folder with profiles in UTF-8 that the server may read.",
        ) from error
    if not any(folder.glob("*/profile.toml")):
        raise Problem(
            "holds no profile",
            field="profiles",
            value=settings.profiles,
            fix="Name the folder that holds one folder per platform, each with a profile.toml.",
        )
    return loaded
