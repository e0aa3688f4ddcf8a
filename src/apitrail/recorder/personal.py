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
        "Where the setting `personal` is on, and only in calls to that platform. Names are compared as a whole,",
        "without case, digits and signs: `shipping_name`, `ShippingName` and `shippingName2` are one. Objects of that",
        "name have every leaf masked.",
    ]
    for platform, (_, hosts, terms) in PERSONAL.items():
        listed = ", ".join(f"`{term.lstrip('=')}`" for term in terms)
        lines += ["", f"## {platform}", "", f"{', '.join(hosts) or 'by its name alone'}: {listed}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(document())
