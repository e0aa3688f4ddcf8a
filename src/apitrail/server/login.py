"""Signing in with a read token, for browsers: they cannot send an Authorization header by themselves."""

from __future__ import annotations

import time
from string import punctuation
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.response import Redirect
from markupsafe import Markup

from apitrail.server.access import OPEN, SESSION_COOKIE, SESSION_S, Gate
from apitrail.server.answers import AnyRequest
from apitrail.server.pages import language
from apitrail.server.plain import plain_page
from apitrail.server.problems import Problem

LOGIN_PATH = "/login"

_FORM = Markup("""<h2>{title}</h2>
{refused}
<form method="post" action="/login" class="fields-in-lines">
<input type="hidden" name="next" value="{next}">
<label for="token" class="label">{token}</label>
<input id="token" name="token" type="password" autocomplete="current-password" spellcheck="false" required autofocus>
<button type="submit" class="main">{title}</button>
</form>
<p class="quiet">{how} <code>apitrail token create --scope read</code></p>""")


def login_url(path: str, query: bytes) -> str:
    """Where to send a browser that has to sign in first; afterwards it comes back to the same place."""
    back = path + (f"?{query.decode('ascii', 'replace')}" if query else "")
    return f"{LOGIN_PATH}?{urlencode({'next': back})}"


@get(LOGIN_PATH, opt={"access": OPEN}, media_type=MediaType.HTML, include_in_schema=False, sync_to_thread=False)
def form(request: AnyRequest) -> str:
    """The form."""
    return _page(request, _local(request.query_params.get("next", "")))


@post(LOGIN_PATH, opt={"access": OPEN}, include_in_schema=False, status_code=303)
async def sign_in(request: AnyRequest, gate: NamedDependency[Gate]) -> Response[str]:
    """Sets the cookie, or shows the form again."""
    refuse_other_sites(request)
    try:
        fields = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=10)
    except ValueError:  # no form of ours has so many
        fields = {}
    back = _local(fields.get("next", [""])[0])
    session = await gate.session(fields.get("token", [""])[0], time.time())
    if session is None:
        return Response(_page(request, back, refused=True), media_type=MediaType.HTML, status_code=401)
    response: Response[str] = Response(
        "", media_type=MediaType.HTML, status_code=303, headers={"Location": quote(back, safe=punctuation)}
    )
    response.set_cookie(
        key=SESSION_COOKIE,
        value=session,
        max_age=SESSION_S,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return response


@post("/logout", opt={"access": OPEN}, include_in_schema=False, status_code=303, sync_to_thread=False)
def sign_out(request: AnyRequest) -> Redirect:
    """Takes the cookie away."""
    refuse_other_sites(request)
    response = Redirect(LOGIN_PATH, status_code=303)
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


def refuse_other_sites(request: AnyRequest) -> None:
    """Browsers say where a form came from (Sec-Fetch-Site); one on another site may not sign anybody in or out."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Problem(
            "the form was sent from another site", field="Sec-Fetch-Site", fix="Open /login here.", status=403
        )


def _local(path: str) -> str:
    """A path on this server, and nothing that a browser would take for another one."""
    safe = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if safe else "/"


def _page(request: AnyRequest, back: str, *, refused: bool = False) -> str:
    """In the language of the page that one comes from, else of the browser."""
    asked = parse_qs(urlsplit(back).query).get("lang", [""])[0]
    words = language.choose(asked, request.cookies.get(language.COOKIE, ""), request.headers.get("accept-language", ""))
    alert = Markup('<p role="alert" class="alert">{}</p>').format(words("login.refused")) if refused else ""
    body = _FORM.format(
        title=words("login.title"), token=words("login.token"), how=words("login.how"), next=back, refused=alert
    )
    return plain_page(f"{words('login.title')} · {words('title')}", body, heading=words("title"), tag=words.language)
