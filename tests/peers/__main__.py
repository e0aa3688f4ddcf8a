"""Other people's tests, with the recorder switched on and without: they must fail exactly where they fail anyway.

    python -m tests.peers [NAME …]

Fetches each project's source distribution, makes it an environment of its own in `.peers`, runs its tests twice and
prints the table of differences; ends with 1 where there is one. A test that fails in one run and not in the other is
run again by itself, three times each way, and counts as a difference only where it still tells the two apart.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

from tests.peers.projects import PROJECTS, Project

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".peers"
AGAIN = 3
RUN_S = 1800
LEAVE_S = 60
"""How long a run may take to leave after its report."""


class Outcome(NamedTuple):
    """What one run of one project's tests gave."""

    results: dict[str, str]
    """By test: passed, failed or skipped."""
    recorded: int
    losses: dict[str, int]

    def failed(self) -> set[str]:
        """The tests that failed."""
        return {name for name, result in self.results.items() if result == "failed"}


def prepared(project: Project) -> tuple[Path, Path]:
    """The unpacked distribution, and the Python of its environment. Made once."""
    home = FOLDER / f"{project.name}-{project.version}"
    python = home / "venv" / "bin" / "python"
    uv = [str(Path(sys.executable).with_name("uv"))]
    pip = [*uv, "pip", "install", "--quiet", "--python", str(python)]
    if not (home / "ready").exists():
        home.mkdir(parents=True, exist_ok=True)
        fetch = ["-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", project.name, "--dest", str(home)]
        subprocess.run([sys.executable, *fetch, f"{project.name}=={project.version}"], check=True)
        [archive] = home.glob("*.tar.gz")
        with tarfile.open(archive) as packed:
            packed.extractall(home, filter="data")
        subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(home / "venv")], check=True)
        subject = f"{project.name}=={project.version}" if project.from_wheel else str(_unpacked(home))
        subprocess.run([*pip, subject, *project.needs, "msgspec", "pytest"], check=True)
        (home / "ready").touch()
    return _unpacked(home), python


def _unpacked(home: Path) -> Path:
    [folder] = [path for path in home.iterdir() if path.is_dir() and path.name != "venv"]
    return folder


def run(project: Project, folder: Path, python: Path, *, on: bool, tests: list[str] | None = None) -> Outcome:
    """Run the tests, or these of them."""
    with tempfile.TemporaryDirectory() as scratch:
        report, counts = Path(scratch) / "report.xml", Path(scratch) / "counts.json"
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("APITRAIL", "PYTHON"))}
        plugin: tuple[str, ...] = ()
        if on:
            environment["PYTHONPATH"] = os.pathsep.join((str(ROOT / "src"), str(Path(__file__).parent)))
            environment["APITRAIL_PEER_REPORT"] = str(counts)
            plugin = ("-p", "switched_on")
        chosen = project.arguments
        if tests is not None:
            chosen = (*tests, *(part for part in project.arguments if not (folder / part).exists()))
        process = subprocess.Popen(
            [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *plugin, *chosen],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL if tests is not None else (FOLDER / f"{project.name}-{on}.log").open("wb"),
            stderr=subprocess.STDOUT,
        )
        _ended(process, report)
        told: dict[str, Any] = json.loads(counts.read_text()) if counts.exists() else {"recorded": 0, "losses": {}}
        return Outcome(_results(report), told["recorded"], told["losses"])


def _ended(process: subprocess.Popen[bytes], report: Path) -> None:
    """Wait for its end. A test that ran into its timeout may leave a thread that the interpreter waits for for ever."""
    until = time.monotonic() + RUN_S
    while process.poll() is None:
        if report.exists():
            until = min(until, time.monotonic() + LEAVE_S)
        if time.monotonic() > until:
            process.kill()
        time.sleep(0.2)


def _results(report: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        tags = {child.tag for child in case}
        found[name] = "failed" if tags & {"failure", "error"} else "skipped" if "skipped" in tags else "passed"
    return found


def steady(project: Project, folder: Path, python: Path, name: str) -> bool:
    """Whether a test still tells the two apart when it is run by itself: one that fails at random does not."""
    path, _, test = name.partition("::")
    parts = path.split(".")
    while parts and not (folder / Path(*parts)).with_suffix(".py").exists():
        parts.pop()
    if not parts:
        return True
    module = str(Path(*parts).with_suffix(".py"))
    within = path.split(".")[len(parts) :]
    identity = "::".join([module, *within, test])
    for _ in range(AGAIN):
        results = [bool(run(project, folder, python, on=on, tests=[identity]).failed()) for on in (False, True)]
        if results[0] == results[1]:
            return False
    return True


def main(names: list[str]) -> int:
    """Print the table; 1 where the recorder made a difference."""
    unknown = set(names) - {project.name for project in PROJECTS}
    if unknown:
        sys.stderr.write(f"no such project: {', '.join(sorted(unknown))}\n")
        return 2
    FOLDER.mkdir(exist_ok=True)
    different = 0
    print(
        f"{'project':<22}{'tests':>7}{'failed without':>16}{'with':>7}{'recorded':>10}{'differences':>13}", flush=True
    )
    for project in PROJECTS:
        if names and project.name not in names:
            continue
        folder, python = prepared(project)
        without, recorded = (run(project, folder, python, on=on) for on in (False, True))
        names_of_both = without.results.keys() | recorded.results.keys()
        apart = sorted(name for name in names_of_both if without.results.get(name) != recorded.results.get(name))
        steadily = [name for name in apart if steady(project, folder, python, name)]
        different += len(steadily)
        print(
            f"{project.name + ' ' + project.version:<22}{len(without.results):>7}{len(without.failed()):>16}"
            f"{len(recorded.failed()):>7}{recorded.recorded:>10}{len(steadily):>13}",
            flush=True,
        )
        for name in steadily:
            print(f"    {name}: {without.results.get(name, 'not run')} → {recorded.results.get(name, 'not run')}")
        for name in sorted(set(apart) - set(steadily)):
            print(f"    (fails at random: {name})")
        if recorded.losses:
            print(f"    losses: {recorded.losses}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
