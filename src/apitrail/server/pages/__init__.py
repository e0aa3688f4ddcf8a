"""The pages: *Platform API Logs* as people read it, rendered on the server from one typed context per page.

`routes` and `template_config` are what the application includes. Handlers take `store` and `profiles` by
dependency injection, and only read.
"""

from __future__ import annotations

from apitrail.server.pages import handlers
from apitrail.server.pages.templating import template_config

__all__ = ["routes", "template_config"]

routes = handlers.routes()
