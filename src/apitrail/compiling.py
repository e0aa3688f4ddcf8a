"""Compiles the modules that `apitrail.compiled` names.

    python -m apitrail.compiling [--if-possible]

It takes mypyc (which comes with mypy), setuptools, a C compiler and Python's headers, and half a minute. Without one of
them it says so and ends with 1, or with 0 where that was to be done if possible only: all works without. What is there
and fits the sources is left as it is.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import io
import json
import os
import shlex
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

from apitrail import compiled

_HERE = Path(__file__).parent


class CannotCompile(Exception):
    """Says what is missing, or what went wrong."""


def main(arguments: list[str]) -> int:
    """The program. Answers its exit code."""
    if compiled.fits():
        return 0
    try:
        demand_tools()
        sys.stderr.write(f"compiling {len(compiled.MODULES)} modules, half a minute…\n")
        build(compiled.FOLDER)
    except CannotCompile as error:
        sys.stderr.write(f"not compiled, which costs speed alone: {error}\n")
        return 0 if "--if-possible" in arguments else 1
    return 0


def demand_tools() -> None:
    """Raises CannotCompile for the first that is missing."""
    for module, package in (("mypyc", "mypy"), ("setuptools", "setuptools")):
        if importlib.util.find_spec(module) is None:
            raise CannotCompile(f"the Python package {package} is not installed")
    compiler = shlex.split(sysconfig.get_config_var("CC") or "cc")[0]
    if shutil.which(compiler) is None:
        raise CannotCompile(f"there is no C compiler ({compiler})")
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        raise CannotCompile("Python's headers are not installed (on Debian: python3-dev)")


def build(folder: Path) -> None:
    """Makes all modules anew, into `folder`, which is replaced. Raises CannotCompile."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="__compiled__", dir=folder.parent) as scratch:
        fresh = Path(scratch, "modules")
        fresh.mkdir()
        names = sources()
        before = compiled.hashes(_HERE, names)
        _compile(Path(scratch), fresh)
        if compiled.hashes(_HERE, names) != before:
            raise CannotCompile("a source changed meanwhile; do it again")
        _list(folder, fresh, names)
        with contextlib.suppress(FileNotFoundError):
            # First what makes it valid: half a folder is as good as none.
            (folder / compiled.LIST).unlink()
        shutil.rmtree(folder, ignore_errors=True)
        fresh.replace(folder)


def _list(folder: Path, fresh: Path, names: list[str]) -> None:
    """Writes down what the modules were made of, as seen from where they will be."""
    told = {os.path.relpath(_HERE / name, folder): known for name, known in compiled.hashes(_HERE, names).items()}
    told |= compiled.hashes(fresh, sorted(file.name for file in fresh.iterdir()))
    (fresh / compiled.LIST).write_text(json.dumps({"suffix": compiled.SUFFIX, "files": told}, indent=1))


def sources() -> list[str]:
    """What has a say in the modules: they, and all of ours that they import, and so on; and what is compiled, and how.
    By their place from here."""
    found: dict[str, Path] = {}
    waiting = [*compiled.MODULES, "apitrail.compiled", "apitrail.compiling"]
    while waiting:
        name = waiting.pop()
        file = _file(name)
        if name not in found and file is not None:
            found[name] = file
            waiting += _imported(file)
    return sorted(str(file.relative_to(_HERE)) for file in found.values())


def _imported(file: Path) -> Iterator[str]:
    """The modules that a file imports, and those names that may be modules."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{one.name}" for one in node.names]
            if any(_file(name) is None for name in inner):
                yield node.module
            yield from inner


def _file(name: str) -> Path | None:
    """Where a module of ours is; None for what is none."""
    package, *rest = name.split(".")
    path = _HERE.joinpath(*rest)
    if package != _HERE.name:
        return None
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def _compile(scratch: Path, into: Path) -> None:
    """One module file each, named in full, and the one that they share."""
    from mypyc.build import mypycify
    from setuptools import Distribution
    from setuptools.command.build_ext import build_ext

    was, said = Path.cwd(), io.StringIO()
    files = [f"{name.replace('.', '/')}.py" for name in compiled.MODULES]
    options = ["--config-file=", "--follow-imports=silent", "--ignore-missing-imports", "--explicit-package-bases"]
    options += ["--cache-dir", str(scratch / "types")]
    # Where files' names tell the modules', and nothing else is: an installed package has other modules beside it,
    # of which mypy refuses some for their names (typing_extensions).
    alone = scratch / "alone"
    alone.mkdir()
    (alone / _HERE.name).symlink_to(_HERE, target_is_directory=True)
    os.chdir(alone)
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            parts = mypycify(
                [*options, *files],
                opt_level="1",  # -O3 takes half as long again to compile, and is no faster
                debug_level="0",
                target_dir=str(scratch / "c"),
                group_name=compiled.SHARED.removesuffix("__mypyc"),
            )
            command = build_ext(Distribution({"ext_modules": parts}))
            command.build_lib, command.build_temp = str(scratch / "built"), str(scratch / "objects")
            command.ensure_finalized()
            command.run()
    except (Exception, SystemExit) as error:
        raise CannotCompile(f"{error}\n{said.getvalue()[-2000:]}") from error
    finally:
        os.chdir(was)
    for name in (*compiled.MODULES, compiled.SHARED):
        made = Path(scratch, "built", *name.split(".")).with_suffix(compiled.SUFFIX)
        made.replace(into / f"{name}{compiled.SUFFIX}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
