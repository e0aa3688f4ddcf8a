"""The templates' environment: everything is escaped, a name that is not there is an error."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response
from litestar.enums import MediaType

from apitrail.server.pages.bodies.visible import visible
from apitrail.server.pages.reader import Reader

SERVER = Path(__file__).parent.parent
TEMPLATES = SERVER / "templates"
STATIC = SERVER / "static"
SHEETS = (
    "tokens",
    "layout",
    "filters",
    "views",
    "histogram",
    "table",
    "silences",
    "panel",
    "related",
    "bodies",
    "guided",
    "boards",
    "handing",
    "forced",
    "print",
)
"""The sheets of all pages, in this order. They are sent as one: the first paint waits for each that is asked for."""


@lru_cache(maxsize=1)
def static_path() -> str:
    """Where the static files are served: a path that changes with their content, so that they may be kept for good."""
    digest = sha256(",".join(SHEETS).encode())
    for file in sorted(STATIC.rglob("*")):
        if file.is_file():
            digest.update(file.relative_to(STATIC).as_posix().encode() + b"\0" + file.read_bytes())
    return f"/static/{digest.hexdigest()[:12]}"


@lru_cache(maxsize=1)
def common_sheet() -> bytes:
    """The sheets of all pages as one."""
    return b"".join((STATIC / "css" / f"{name}.css").read_bytes() for name in SHEETS)


@lru_cache(maxsize=1)
def scripts() -> list[str]:
    """The modules that `main.js` imports: a page names them, so that they need not be found one by the other."""
    return sorted(file.name for file in (STATIC / "js").glob("*.js") if file.name != "main.js")


def rendered(name: str, page: object, reader: Reader, status: int = 200) -> Response[str]:
    """A page by this template, in the reader's words and times: a few milliseconds of the thread that asks for it."""
    text = _environment().get_template(name).render(page=page, t=reader.words, clock=reader.clock)
    return Response(text, media_type=MediaType.HTML, status_code=status)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["visible"] = visible
    made.globals["static"] = static_path()
    made.globals["scripts"] = scripts()
    return made
