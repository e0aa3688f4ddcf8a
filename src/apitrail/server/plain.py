"""The frame of the few pages that are not the log: signing in, and errors before a page could begin."""

from __future__ import annotations

from html import escape

from apitrail.server.pages.templating import static_path

_FRAME = """<!doctype html>
<html lang="{tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="{static}/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{static}/css/tokens.css">
<link rel="stylesheet" href="{static}/css/layout.css">
</head>
<body>
<header class="top"><h1><a href="/">{heading}</a></h1></header>
<main><section class="state">
{body}
</section></main>
</body>
</html>
"""


def plain_page(title: str, body: str, *, heading: str = "Platform API Logs", tag: str = "en") -> str:
    """A whole page in the language of `tag`. `title` and `heading` are text, `body` is HTML."""
    return _FRAME.format(title=escape(title), heading=escape(heading), body=body, tag=tag, static=static_path())
