"""Personal data: fields that a platform's profile says hold it, masked like secrets where the setting is on.

Only in calls to that platform, by its hosts or by what the caller stated: `name` is a buyer's at one and a product's
at another. The list: docs/personal.md, written by `python -m apitrail.recorder.personal`.
"""

from __future__ import annotations

from apitrail.recorder.personal_platforms import PERSONAL
from apitrail.recorder.secrets import Group


def groups() -> list[Group]:
    """As groups of the table of secrets."""
    return [
        Group("Personal data", terms, "Masked where the setting `personal` is on.", hosts=hosts, platforms=names)
        for names, hosts, terms in PERSONAL.values()
    ]


def document() -> str:
    """The table as Markdown: what `docs/personal.md` holds."""
    lines = [
        "# What is masked as personal data",
        "",
        "<!-- Written by `python -m apitrail.recorder.personal`; change the profiles' `personal` instead. -->",
        "",
        "These fields are masked if the setting `personal` is on, each only in calls to its platform: calls to the",
        "hosts that are listed with it, and calls that were stated as calls to it. A name must match completely, but",
        "upper and lower case, digits and punctuation make no difference: `shipping_name`, `ShippingName` and",
        "`shippingName2` are the same name. In an object with such a name, every value is masked.",
    ]
    for platform, (_, hosts, terms) in PERSONAL.items():
        listed = ", ".join(f"`{term.lstrip('=')}`" for term in terms)
        lines += [
            "",
            f"## {platform}",
            "",
            f"{', '.join(hosts) or 'no host, only calls stated as calls to this platform'}: {listed}",
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(document())
