"""The command line. Where only the recorder is installed, it says what to install."""

from __future__ import annotations

import sys

from apitrail import compiled

_SERVER_PARTS = frozenset({"typer", "click", "rich", "litestar", "uvicorn", "jinja2", "clickhouse_connect", "chdb"})


def main() -> None:
    """The program `apitrail`. Ends with 2 for a command that cannot be carried out, and says why on stderr."""
    if sys.argv[1:] == ["doctor"]:
        from apitrail.recorder.doctor import main as doctor  # needs nothing of the server's parts

        sys.exit(doctor())
    compiled.use()
    try:
        from apitrail.cli.commands import run

        run()
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _SERVER_PARTS:
            raise
        sys.stderr.write(
            f"apitrail: the server and its commands are not installed ({error.name} is missing).\n"
            "  Do this: pip install 'apitrail[server]', from a checkout pip install '.[server]'.\n"
            "  `apitrail doctor` works without them.\n"
        )
        sys.exit(2)
