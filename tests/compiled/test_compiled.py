"""Compiled modules say what their sources say, and are never used once these have changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typing_extensions

from apitrail import compiled, compiling

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tools() -> None:
    """What it takes to compile."""
    try:
        compiling.demand_tools()
    except compiling.CannotCompile as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def modules(tools: None) -> None:
    """The compiled modules, made where they are not there yet."""
    made = subprocess.run([sys.executable, "-m", "apitrail.compiling"], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr


def everything(*arguments: str) -> bytes:
    run = [sys.executable, "-m", "tests.compiled.everything", *arguments]
    return subprocess.run(run, cwd=ROOT, check=True, capture_output=True).stdout


@pytest.mark.usefixtures("modules")
def test_compiled_and_interpreted_all_samples_become_the_same() -> None:
    said = everything("compiled")
    assert said.count(b"\n") > 1000
    assert said == everything()


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A folder as it is after compiling, with one source and without machine code."""
    folder = tmp_path / "__compiled__"
    folder.mkdir()
    (tmp_path / "source.py").write_text("x = 1")
    names = [f"{name}{compiled.SUFFIX}" for name in (*compiled.MODULES, compiled.SHARED)]
    for name in names:
        (folder / name).touch()
    files = compiled.hashes(folder, ["../source.py", *names])
    (folder / compiled.LIST).write_text(json.dumps({"suffix": compiled.SUFFIX, "files": files}))
    return folder


def test_what_was_made_of_the_sources_as_they_are_is_used(made: Path) -> None:
    assert compiled.fits(made)


def test_after_a_change_of_a_source_nothing_compiled_is_used(made: Path) -> None:
    (made.parent / "source.py").write_text("x = 2")
    assert not compiled.use(made)


def test_without_a_source_nothing_compiled_is_used(made: Path) -> None:
    (made.parent / "source.py").unlink()
    assert not compiled.use(made)


def test_a_damaged_module_is_not_used(made: Path) -> None:
    (made / f"{compiled.SHARED}{compiled.SUFFIX}").write_bytes(b"half of it")
    assert not compiled.use(made)


def test_what_another_python_made_is_not_used(made: Path) -> None:
    told = json.loads((made / compiled.LIST).read_text())
    (made / compiled.LIST).write_text(json.dumps(told | {"suffix": ".cpython-99-other.so"}))
    assert not compiled.use(made)


@pytest.mark.parametrize("damaged", ["", "{}", "[]", '{"suffix": 1, "files": 2}'])
def test_a_damaged_list_is_as_none(made: Path, damaged: str) -> None:
    (made / compiled.LIST).write_text(damaged)
    assert not compiled.use(made)


def test_what_has_a_say_is_all_that_the_modules_import() -> None:
    sources = compiling.sources()
    assert {f"{name.removeprefix('apitrail.').replace('.', '/')}.py" for name in compiled.MODULES} <= set(sources)
    assert {"entry.py", "exchange.py", "profiles/derived.py", "store/block.py", "compiling.py"} <= set(sources)
    assert not any(source.startswith(("server/pages/", "store/queries/", "cli/")) for source in sources)


def test_no_compiled_module_defines_a_struct_or_a_cached_property() -> None:
    """The compiler takes them, and they do something else then."""
    for name in compiled.MODULES:
        source = (ROOT / "src" / name.replace(".", "/")).with_suffix(".py").read_text("utf-8")
        assert "(Struct" not in source, name
        assert "cached_property" not in source, name


@pytest.mark.usefixtures("tools")
def test_it_compiles_among_other_packages_too(tmp_path: Path) -> None:
    """As where pip put it: beside modules whose names the compiler refuses as ours."""
    ignored = shutil.ignore_patterns("__compiled__", "__pycache__", "static", "locales")
    shutil.copytree(ROOT / "src" / "apitrail", tmp_path / "apitrail", ignore=ignored)
    (tmp_path / "typing_extensions.py").write_text(Path(typing_extensions.__file__).read_text("utf-8"), "utf-8")
    code = (
        "from apitrail import compiled, compiling\n"
        f"compiled.MODULES = {compiled.MODULES[:1]!r}\n"
        "compiling.build(compiled.FOLDER)\n"
        "print(compiled.FOLDER, compiled.fits())"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert made.stdout.split() == [str(tmp_path / "apitrail" / "__compiled__"), "True"], made.stderr
