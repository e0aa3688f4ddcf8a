"""HAR 1.2 in and out: what browsers, proxies and recorders write of HTTP traffic.

`read` is liberal: each dialect leaves something out or writes it in its own way, and one bad entry costs only itself.
`write` is strict: what it writes, other tools read, and `read` gets back the same method, URL, header fields, bodies
and status.

Nothing is masked here. A HAR file is full of secrets, so whoever imports one passes every exchange through
`apitrail.recorder.redact.Redactor` before anything is stored.

What HAR cannot say, and what is made of it:

- `startedDateTime` without a zone is taken as UTC;
- text is Unicode there: it becomes bytes in the charset that is declared beside it, else UTF-8;
- a body given as `params` only is built anew: the same fields in the same order, but not surely the same bytes;
- HTTP/2's pseudo fields (`:method`, `:path`) say the method, URL and status again, and are dropped;
- a WebSocket comes in as its handshake.
"""

from apitrail.formats.har.fields import BadEntry, HarError
from apitrail.formats.har.reader import read
from apitrail.formats.har.writer import write

__all__ = ["BadEntry", "HarError", "read", "write"]
