"""The commands of `apitrail`. What a command needs is imported when it runs: `--help` must be quick."""

from __future__ import annotations

import importlib
import sys
from errno import EDQUOT, EIO, ENOSPC
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from apitrail import __version__
from apitrail.cli.options import with_settings
from apitrail.cli.pipe import end_quietly, nowhere
from apitrail.cli.upkeep import add_upkeep
from apitrail.server.problems import Problem, shorten
from apitrail.server.settings import Settings
from apitrail.store.model import StoreError

FULL = (ENOSPC, EDQUOT, EIO)
"""Why a disk does not take what is printed."""

app = typer.Typer(
    name="apitrail",
    help="Platform API Logs: a read-only audit log of the calls between a backend and its platforms and carriers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
token_app = typer.Typer(
    help="Rights to write (ingest) and to read. These commands work with and without a running server.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(token_app, name="token")
integrations_app = typer.Typer(
    help="Integrations of your system. Calls are assigned to them automatically. These commands work with and without "
    "a running server.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(integrations_app, name="integrations")
profile_app = typer.Typer(
    help="Check and try platform profiles. Also shows what they do not understand. Nothing is stored.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(profile_app, name="profile")


def run() -> None:
    """Carries out the command line. What cannot be carried out ends with 2 and says why and what to do."""
    end_quietly()
    try:
        try:
            app()
        finally:
            sys.stdout.flush()  # what cannot be written is told of here, and not by Python as it ends
    except Problem as problem:
        fail(str(problem), problem.fault.fix)
    except StoreError as error:
        fail(str(error), "See docs/operating.md.")
    except UnicodeEncodeError as error:
        if "surrogates" not in error.reason:
            raise
        fail("an argument is no text in the encoding of this system", "Write it in UTF-8, under a UTF-8 locale.")
    except OSError as error:
        if error.errno not in FULL:
            raise
        # What is left in the buffer is tried again as the process ends, and some versions of Python exit with 120 then.
        nowhere()
        fail(f"nothing can be written ({error.strerror})", "Make room on the disk, or send the output elsewhere.")


def fail(reason: str, fix: str) -> NoReturn:
    """Ends the command."""
    sys.stderr.write(f"apitrail: {reason}\n  Do this: {fix}\n")
    sys.exit(2)


@app.command()
@with_settings()
def serve(
    settings: Settings,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log every request: method, path, status, time.")] = False,
) -> None:
    """Run the server until Ctrl+C or SIGTERM."""
    from apitrail.server import serve as server

    server.log_to(sys.stderr, verbose=verbose)
    server.run(settings, sys.stdout)


@app.command("import")
@with_settings("data", "store", "profiles")
def import_files(
    settings: Settings,
    files: Annotated[list[Path], typer.Argument(metavar="FILE.har...", help="HAR 1.2 files.")],
    ec_integration: Annotated[
        str, typer.Option(metavar="NAME", help="The account at an e-commerce platform that the calls were made for.")
    ] = "",
    shipping_integration: Annotated[
        str, typer.Option(metavar="NAME", help="The account at a carrier that the calls were made for.")
    ] = "",
    url: Annotated[str, typer.Option(help="The URL of another server, instead of the one on the data folder.")] = "",
    token: Annotated[str, typer.Option(envvar="APITRAIL_TOKEN", help="An ingest token of the server at --url.")] = "",
) -> None:
    """Load HAR files into the log. They go to the running server, or into the folder if none is running.

    Secrets are masked. A file that is imported twice is stored once. Ends with 1 if anything was refused.
    """
    from apitrail.cli.importing import Target, import_all

    target = Target(settings=settings, url=url, token=token)
    if not import_all(files, target, ec_integration=ec_integration, shipping_integration=shipping_integration):
        raise typer.Exit(1)


WORDS = 'What to search for: an id, words, "a phrase", field:value; to exclude a word, write -word after `--`.'
Words = Annotated[list[str] | None, typer.Argument(metavar="WORDS...", help=WORDS)]
Since = Annotated[
    str, typer.Option("--from", help="A date (UTC) or a time with its offset. Default: the beginning of the log.")
]
Until = Annotated[str, typer.Option("--to", help="The same, for the end of the range; it is included.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]
Url = Annotated[str, typer.Option(help="The URL of another server, instead of the log in the data folder.")]
ReadToken = Annotated[str, typer.Option(envvar="APITRAIL_READ_TOKEN", help="A read token of the server at --url.")]


@app.command()
@with_settings("data", "store")
def search(
    settings: Settings,
    words: Words = None,
    since: Since = "",
    until: Until = "",
    limit: Annotated[int, typer.Option(min=1, help="How many entries to print at most.")] = 50,
    as_json: AsJson = False,
    url: Url = "",
    token: ReadToken = "",
) -> None:
    """Find entries, newest first. Ends with 1 if there are none.

    apitrail search 260101ABCDEF12 outcome:platform_error --from 2026-03-01
    """
    from apitrail.cli import reading

    text = " ".join(words or ())
    asked = reading.Asked(
        settings=settings, url=url, token=token, text=text, since=since, until=until, limit=limit, as_json=as_json
    )
    if not reading.search(asked):
        raise typer.Exit(1)


@app.command()
@with_settings("data", "store")
def tail(
    settings: Settings,
    words: Words = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for new entries, until Ctrl+C.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many entries to print first.")] = 10,
    as_json: AsJson = False,
    url: Url = "",
    token: ReadToken = "",
) -> None:
    """Print the newest entries, oldest first. With -f, also those that arrive later.

    With -f a server that stops is waited for. Entries that come more than half a minute after their call began are
    shown where the call took so long, or the server had been away; others are not.
    """
    from apitrail.cli import reading

    text = " ".join(words or ())
    asked = reading.Asked(settings=settings, url=url, token=token, text=text, limit=limit, as_json=as_json)
    try:
        reading.tail(asked, following=follow)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


@app.command()
@with_settings("data", "store")
def show(
    settings: Settings,
    entry_id: Annotated[str, typer.Argument(metavar="ID", help="As `search` prints it.")],
    as_json: AsJson = False,
    url: Url = "",
    token: ReadToken = "",
) -> None:
    """Print one entry with the headers and bodies of both sides."""
    from apitrail.cli import reading

    reading.show(reading.Asked(settings=settings, url=url, token=token, as_json=as_json), entry_id)


@token_app.command("create")
@with_settings("data", "store")
def create_token(
    settings: Settings,
    name: Annotated[str, typer.Option(help="What it is for, so that you recognise it later.")] = "",
    scope: Annotated[str, typer.Option(help="ingest: send exchanges. read: see the log.")] = "ingest",
) -> None:
    """Make a token. Its secret is printed as the last line, and is never shown again."""
    from apitrail.cli.log import opened

    with opened(settings, make=True) as log:
        made = log.create_token(scope, name)
    typer.echo(f"Token {made.token.id} ({made.token.scope}, {made.token.name}) {_whose(settings)}.")
    typer.echo("Its secret, shown only this once:")
    typer.echo(made.secret)


def _whose(settings: Settings) -> str:
    """Which log it opens: whoever forgets --data makes a token for another log than the server's."""
    return "for the log in the store" if settings.store else f"for the log in {settings.data.resolve()}"


@token_app.command("list")
@with_settings("data", "store")
def list_tokens(settings: Settings) -> None:
    """List the tokens, revoked ones too. Their secrets are not stored, so they are not shown."""
    from apitrail.cli.log import opened

    with opened(settings) as log:
        tokens = log.tokens()
    for token in tokens:
        state = f"revoked {token.revoked_at:%Y-%m-%d %H:%M} UTC" if token.revoked_at else "valid"
        made = f"{token.created_at:%Y-%m-%d %H:%M} UTC"
        typer.echo(f"{token.id}  {token.scope:<6}  {made}  {state:<28}  {shorten(token.name)}")
    if not tokens:
        typer.echo("There are no tokens yet: `apitrail token create` makes one.")


@token_app.command("revoke")
@with_settings("data", "store")
def revoke_token(
    settings: Settings, token_id: Annotated[str, typer.Argument(metavar="ID", help="As `token list` shows it.")]
) -> None:
    """Revoke a token, within a second on every server."""
    from apitrail.cli.log import opened

    with opened(settings) as log:
        revoked = log.revoke_token(token_id)
    typer.echo(f"Token {revoked.id} ({revoked.scope}, {shorten(revoked.name)}) is revoked.")


@integrations_app.command("list")
@with_settings("data", "store")
def list_integrations(settings: Settings) -> None:
    """List the registered integrations. Shows side, id, platform, accounts and hosts, and name."""
    from apitrail.cli.log import opened

    with opened(settings) as log:
        found = log.registrations()
    for one in found:
        state = "" if one.enabled else "  (switched off)"
        told = " ".join((*one.accounts, *one.hosts)) or "-"
        typer.echo(f"{one.side:<8}  {one.id}  {one.platform}  {shorten(told)}  {shorten(one.name)}{state}")
    if not found:
        typer.echo("None is registered yet. `apitrail integrations put FILE` registers them: see docs/integrations.md.")


@integrations_app.command("put")
@with_settings("data", "store")
def put_integrations(
    settings: Settings,
    file: Annotated[Path, typer.Argument(metavar="FILE", help='JSON: {"integrations": [{"id": "42", …}]}.')],
) -> None:
    """Register integrations from a file. They replace those with the same side and id; others and entries stay."""
    from apitrail.cli.log import opened

    try:
        document = file.read_bytes()
    except OSError as error:
        raise Problem(
            f"cannot be read ({error.strerror})", field="FILE", value=file, fix="Give a JSON file that you may read."
        ) from error
    with opened(settings, make=True) as log:
        kept = log.register(document)
    typer.echo(f"Registered integrations: {len(kept)}.")


@profile_app.command("check")
def check_profile(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A profile.toml; the samples beside it are run too.")],
) -> None:
    """Check a profile. Faults are shown with file and line; ends with 1 if a sample does not become what it should."""
    from apitrail.cli.profile import check

    if not check(file):
        raise typer.Exit(1)


@profile_app.command("try")
def try_profile(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A profile.toml.")],
    exchange: Annotated[Path, typer.Argument(metavar="EXCHANGE", help="An .http sample, or an exchange as JSON.")],
) -> None:
    """Show what an exchange becomes with a profile."""
    from apitrail.cli.profile import attempt

    attempt(file, exchange)


@profile_app.command("coverage")
def profile_coverage(
    corpus: Annotated[Path, typer.Argument(metavar="CORPUS.har", help="Recorded traffic, as a HAR 1.2 file.")],
    profiles: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Your own profiles; they replace built-in ones or add to them."),
    ] = None,
) -> None:
    """List what no profile understands. Shows calls and errors, with their counts."""
    from apitrail.cli.profile import coverage

    coverage(corpus, profiles)


@app.command()
def doctor() -> None:
    """Say what is wrong with recording here. Also what to do. Run it as the application's user, in its environment."""
    from apitrail.recorder.doctor import main

    raise typer.Exit(main())


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _add_demo() -> None:
    """`apitrail demo`, which needs client libraries beside the server's own parts."""
    try:
        module = importlib.import_module("apitrail.demo.command")
    except ModuleNotFoundError as error:
        missing = error.name

        def demo() -> None:
            """Run a server with live sample traffic. It needs the extra `demo`, which is not installed."""
            fail(
                f"the demo is not installed ({missing} is missing)",
                "pip install 'apitrail[server,demo]', from a checkout pip install '.[server,demo]'.",
            )

        app.command()(demo)
    else:
        app.command("demo")(module.demo)


add_upkeep(app)
_add_demo()
