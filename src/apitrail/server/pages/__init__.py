"""The pages: *Platform API Logs* as people read it, rendered on the server from one typed context per page.

`routes` is what the application includes. Handlers take `store`, `known` and so on by
dependency injection, and only read.
"""

from __future__ import annotations

from apitrail.server.pages import handlers

__all__ = ["routes"]

routes = handlers.routes()
