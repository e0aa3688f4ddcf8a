"""What is known of each platform, as data, and the engine that applies it. Pure: no I/O after loading."""

from apitrail.profiles.catalogue import (
    Action,
    action_label,
    action_repeatable,
    cause_label,
    reference_label,
)
from apitrail.profiles.derived import Derived
from apitrail.profiles.engine import Profiles
from apitrail.profiles.problems import ProfileError
from apitrail.profiles.registered import NOBODY, Registered
from apitrail.profiles.unreached import unreached

__all__ = [
    "NOBODY",
    "Action",
    "Derived",
    "ProfileError",
    "Profiles",
    "Registered",
    "action_label",
    "action_repeatable",
    "cause_label",
    "reference_label",
    "unreached",
]
