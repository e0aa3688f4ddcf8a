"""What a `profile.toml` may hold. Anything else is refused with its file and line.

`Places` is one place or several, the first that says something wins; see `locators`. `When` is one condition or
several that hold together; see `conditions`.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct, field

from apitrail.entry import Cause
from apitrail.profiles.catalogue import Side

Places = str | list[str]
When = str | list[str]
Evidence = Literal["doc", "rec", "code"]
"""How a fact is known: the platform's documentation, a recorded exchange, a public client's source. Memory is none."""

GENERIC = "generic"
"""The profile that stands behind all others."""


class File(Struct, forbid_unknown_fields=True):
    """A platform."""

    name: str
    """The platform's id: the folder's name."""
    label: str
    """What people read."""
    side: Side
    docs: str
    """Where the platform documents its errors."""
    known: str = ""
    """What these facts rest on, and what is not known."""
    aliases: list[str] = []
    """Other names that callers and aggregators use for it."""
    hosts: list[str] = []
    """`api.acme.example`, or `{shop}.acme.example` with the part that is the account."""
    recognise: list[Recognise] = []
    """What tells the platform on any other host."""
    bases: list[str] = field(default_factory=lambda: [""])
    """What the endpoints' paths begin with; `{name}` stands for one segment."""
    path_in: str = ""
    """A place that holds the path where the URL's own does not (`query:rest_route`)."""
    account: Places = []
    """Where the account's id sits."""
    delivery: str | list[str | Parts] = []
    """Where a notification of a parcel, or the answer to asking for it, says where it is: in the platform's words."""
    making: Making | None = None
    """What an answer about a label says while the label is still being made."""
    expires: Places = []
    """Where an answer to signing in says when the access ends: in seconds, as a Unix time, or as a time with its
    offset. `$.expires_in` of OAuth 2 is known without it."""
    select: dict[str, str] = {}
    """Names for places, for endpoints that the path alone does not tell apart."""
    endpoints: dict[str, str | Endpoint] = {}
    """`"METHOD /path/{id} [name=value|value] [name=*] [!name]"` → action, or action with places of ids."""
    webhooks: Webhooks | None = None
    ids: dict[str, Places] = {}
    """Type of reference → places, for every exchange of the platform."""
    sign: list[Sign] = []
    """What a failure or warning looks like, in order: the first that holds speaks."""
    pages: list[str] = []
    """Actions that may be answered by a page for people, or by sending on to one; `label.*` for a family."""
    items: list[Items] = []
    """Lists of results within one answer."""
    error: list[ErrorRule] = []
    """What codes and texts mean."""
    drop_code_prefix: bool = False
    """A code not in the table is looked up again without what is before its last dot."""
    secrets: list[str] = []
    """Names of fields, parameters and headers that hold a secret."""
    personal: list[str] = []
    """Names of fields that hold personal data."""


class Parts(Struct, forbid_unknown_fields=True):
    """What an answer about several parcels says of each. `id` and `says` are places in a part."""

    at: str
    id: Places
    """Any of the parcel's numbers."""
    says: Places


class Making(Struct, forbid_unknown_fields=True):
    """How a label that is still being made is told from one that is there. Both are answers without an error."""

    says: str | list[str | Parts]
    """Where the answer says how far it is."""
    words: list[str]
    """Those that say that it is being made; in either case of letters."""
    source: str
    evidence: Evidence
    checked: date | None = None


class Recognise(Struct, forbid_unknown_fields=True):
    """What tells a platform on a host that is not its own. All that is said must hold."""

    path: str = ""
    """Segments that follow each other anywhere in the path: `wp-json/wc/{version}`."""
    header: str = ""
    """A header field on either side; `Server: ^Acme` for one whose value the pattern finds."""
    query: list[str] = []
    """Parameters that are all there."""
    root: str = ""
    """The root of an XML body on either side, or the first element of a SOAP body."""
    fields: list[str] = []
    """Fields that the request's body has all of: `topic` at the top, `Shipment.AWB` below."""


class Endpoint(Struct, forbid_unknown_fields=True):
    """What one call does, and where its ids sit."""

    action: str
    ids: dict[str, Places] = {}
    list: Places = ""
    """The list that the call fetched, or where it may be: its length is shown, 0 too."""
    source: str = ""
    """Type of the reference that owns the call, where the action does not tell."""


class Webhooks(Struct, forbid_unknown_fields=True):
    """What the platform sends in."""

    topics: dict[str, str | Endpoint]
    """Topic → action, or what an endpoint may say; `orders/*` for a family, `*` for all others."""
    topic: Places = []
    ids: dict[str, Places] = {}
    answered: When = []
    """What our answer must say to count as a receipt; any 2xx where nothing is said here."""


class Sign(Struct, forbid_unknown_fields=True):
    """What a failure (or warning) looks like, and where its parts sit."""

    when: When
    source: str
    evidence: Evidence
    outcome: Literal["failure", "partial", "warning", "items", "success"] = "failure"
    """`items`: a failure whose reasons are in the items, where there are any. `partial`: some of it worked."""
    actions: list[str] = []
    """Only for these; `label.*` for a family."""
    inbound: bool = False
    """What a notification reports, and not how it was received: `warning` is its only outcome."""
    everywhere: Literal["", "any", "data"] = ""
    """Of `generic` alone: tried for a good status where the platform's own signs say nothing, unless the action is
    among the platform's `pages`. `data`: not of a platform that nobody knows."""
    code: Places = []
    message: Places = []
    kind: Places = []
    """Severity or type."""
    field: Places = []
    """The field that the error names."""
    reported_by: Places = []
    """Who said it, where the platform passes on another's word."""
    cause: Cause | None = None
    """Where the sign alone tells it."""
    retryable: bool | None = None
    checked: date | None = None


class Items(Struct, forbid_unknown_fields=True):
    """A list of results within one answer. Places are relative to the item."""

    at: str
    id: Places
    """A place, or several that make one id together: `warehouse + sku`, joined by a slash."""
    source: str
    evidence: Evidence
    type: str = ""
    """Type of reference."""
    of: Places = []
    """What was asked for, as places in the exchange: what the answer does not name was accepted."""
    id_match: str = ""
    """A regular expression: the id is what it finds, where an item is a line of text."""
    failed: When | Literal["always", "never"] = "always"
    code: Places = []
    message: Places = []
    reported_by: Places = []
    actions: list[str] = []
    fault: Literal["", "warning"] = ""
    """`warning`: a failed item beside good ones makes the call a warning, not partial."""
    checked: date | None = None


class ErrorRule(Struct, forbid_unknown_fields=True):
    """What codes, types, fields, words or a status mean. The first group that is given is what is looked up; the
    others (`text`, `status`, `unless`, `actions`) then tell one code's meanings apart."""

    cause: Cause
    source: str
    evidence: Evidence
    codes: list[str] = []
    ranges: list[str] = []
    """`120200-120299`, both ends included."""
    match: str = ""
    """A regular expression that the whole code matches."""
    weak: bool = False
    """The code says whose fault it is and no more: it is asked after fields and words, before statuses."""
    kinds: list[str] = []
    fields: str = ""
    """A regular expression, searched in the name of the field."""
    text: list[str] = []
    """Words, any of which the message holds; case does not matter. A blank before one asks for the begin of a word."""
    status: list[int] = []
    unless: list[int] = []
    """Statuses that say more than this: with them, the rule does not hold."""
    actions: list[str] = []
    retryable: bool | None = None
    checked: date | None = None
    sample: str = ""
