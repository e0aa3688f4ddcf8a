"""Which names carry a secret: one table, one rule.

`RULE` states the rule, and also opens docs/secrets.md. Its exceptions are the phrases of `PLAIN`, the words of
`ATTRIBUTES` and those of `QUESTIONS`.

The table is data. `GENERAL` is written by hand; what only a platform's profile knows is generated into
`secrets_platforms` by `python -m apitrail.profiles.secrets`, because a recorder reads no profiles. Names that mean
something else elsewhere (`key`, `hash`) are secret only in calls to that platform: to its hosts, or stated as such.
`docs/secrets.md` is written from it by `python -m apitrail.recorder.secrets`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple, cast

from apitrail.recorder.secrets_platforms import EVERYWHERE, ONLY_AT

RULE = """\
The recorder masks the values of fields whose names are secret, in headers, URLs and bodies. Each section below is a
group of terms with the reason why they are secret; the last sections list the exceptions, and secrets that are known
by their shape. A server applies the same table to what other senders send.

How a name is compared with the terms:

1. The name is split into parts, at every character that is not a letter and at every change of case, and converted to
   lower case. `X-Shopify-Access-Token` has the parts x, shopify, access, token, and so has `xShopifyAccessToken`.
2. The name is secret if it contains all parts of a term, one directly after the other.
3. Three exceptions make it plain again:
   - A longer phrase that is not secret contains the term: in `next_page_token` it is `page token`, a position in a
     list. The phrase may begin in the name of the JSON object around the field: `page: {token: …}`. See
     [phrases that are not masked](#phrases-that-are-not-masked).
   - The term is followed by a word that [describes the secret](#words-after-a-term-that-describe-it): `token_type` is a
     type, `password_changed_at` a time, `signature_required` a choice.
   - The name begins like [a question](#first-words-of-a-question): the value of `has_password` is yes or no.

How a term is written: `access token` also matches the parts written as one word (`accesstoken`). `=term` matches the
whole name only, `term$` only the end of the name, and `*term` also the end of a longer word (`*pwd` matches
`entppwd`)."""

Place = Literal["header", "query", "form", "json", "element", "attribute", "text"]


def words(listed: str) -> frozenset[str]:
    """Words listed with blanks between them."""
    return frozenset(listed.split())


class Group(NamedTuple):
    """Terms that are secret for one reason, and where."""

    title: str
    terms: tuple[str, ...]
    why: str
    hosts: tuple[str, ...] = ()
    """Only in calls to these hosts and the hosts below them; empty, and no `platforms` either: everywhere."""
    places: tuple[Place, ...] = ()
    """Only there; empty: everywhere."""
    login: bool = False
    """Only in what is sent by calls that log in: by their path, or by a `grant_type` beside it."""
    shortest: int = 1
    """Values with fewer characters are something else: `signature: ADULT` is a delivery service."""
    longest: int = 0
    """Values with more characters are something else; 0: no limit."""
    platforms: tuple[str, ...] = ()
    """Only in calls to these, by the hosts of `PLATFORMS` or by what the caller stated."""


GENERAL: tuple[Group, ...] = (
    Group(
        "Passwords",
        (
            *("*password", "*passwd", "*pwd", "*pswd", "*passphrase", "*passcode", "pass word", "pass phrase"),
            *("pass code", "=pass", "user pass", "login pass", "ftp pass", "smtp pass", "admin pass", "passkey"),
            *("*密碼", "*密码", "*パスワード", "*비밀번호"),
        ),
        "A password gives access, often to several systems. momo: `entpPwd`; HCT: `sPassword`; Yamato: `CSTMR_PSWD`.",
    ),
    Group(
        "One-time codes",
        (
            *("otp", "totp", "mfa code", "two factor code", "verify code", "verification code", "device code"),
            *("=pin code", "*驗證碼", "*验证码"),
        ),
        "They are valid for a short time only, but the log may be read within it. momo: `otpBackNo`; SF Express: "
        "`verifyCode`.",
        shortest=3,
    ),
    Group(
        "PINs",
        ("=pin", "account pin", "user pin", "card pin", "login pin"),
        "A PIN has four to eight characters. Canada Post's `pin` is longer: it is the tracking number.",
        longest=8,
    ),
    Group(
        "Tokens",
        ("*token", "*tokens", "jwt", "id token", "wssid", "*accesstoken", "saml response", "*assertion"),
        "Anybody who has one gets access: access, refresh, identity, session, customer and restricted data tokens.",
    ),
    Group(
        "Client and shared secrets",
        ("*secret", "*secrets", "code verifier", "salt key", "=salt"),
        "Tokens and signatures are made with them: `client_secret`, `app_secret`, `consumer_secret`, `webhook_secret`.",
    ),
    Group(
        "Keys",
        (
            *("api key", "access key", "secret key", "private key", "encryption key", "encrypt key", "signing key"),
            *("signature key", "shared key", "auth key", "master key", "consumer key", "partner key", "account key"),
            *("session key", "security key", "service key", "merchant key", "subscription key", "functions key"),
            *("license key", "licence key", "access license number", "access licence number", "certification key"),
            *("webhook key", "hash key", "hash iv", "aes key", "aes iv", "des key", "des iv", "rt key"),
            *("secure key", "initialization vector", "check word", "ebay api cert name", "ibm client id"),
        ),
        "They sign requests or give access until somebody changes them. UPS: `AccessLicenseNumber`; ECPay: `HashKey`, "
        "`HashIV`; SF Express: `checkWord`; Qoo10: `GiosisCertificationKey`; Ruten: `X-RT-Key`.",
    ),
    Group(
        "Signatures",
        (
            *("*signature", "sign$", "=sig", "hmac", "msg digest", "data digest", "digest$", "check mac value"),
            *("mac value", "check value", "check code", "trade sha"),
        ),
        "A signature is valid for one request only, but this request can be repeated for some time. Shopee: `sign`; "
        "ECPay: `CheckMacValue`; SF Express: `msgDigest`; webhooks: `X-Shopify-Hmac-Sha256`, `X-WC-Webhook-Signature`.",
        shortest=16,
    ),
    Group(
        "Authorization",
        (
            *("authorization", "authorisation", "=authentication", "=bearer", "=xauth", "=apiauth", "=xapiauth"),
            *("=xauthentication", "=xauthenticate"),
        ),
        "The header with the credential, with any prefix. The scheme is kept.",
    ),
    Group(
        "Headers that hold a credential and nothing else",
        (
            *("auth$", "oauth$", "authentication$", "auth hash$", "auth data$", "bearer$", "auth pass$", "api pass$"),
            *("=xpass", "=xpw", "=session", "=xsession", "=sid", "=xsid", "=xkey", "user key$", "client key$"),
            *("customer key$", "store key$", "shop key$", "vendor key$", "developer key$", "application key$"),
            *("integration key$", "project key$", "device key$"),
        ),
        "In a body such a name may be that of an object, or of something harmless. What only tells who calls stays: "
        "`X-Auth-Method`, `X-Auth-User`, `X-Auth-Client`, `X-App-Key`.",
        places=("header",),
        shortest=6,
    ),
    Group(
        "Authorization codes",
        ("auth code", "authorization code", "authorisation code", "*授權碼", "*授权码"),
        "They are exchanged for a token. T-Cat's is the password of the contract.",
    ),
    Group(
        "Authorization codes named `code`",
        ("=code",),
        "Only in calls that log in: elsewhere `code` is the code of an error or a country.",
        places=("query", "form", "json"),
        login=True,
        shortest=6,
    ),
    Group(
        "Credentials",
        ("credential", "credentials", "user credential"),
        "In an object of this name, every value is masked. FedEx: `UserCredential`; EasyPost: `test_credentials`.",
    ),
    Group(
        "Sessions and cookies",
        ("cookie", "cookies", "session id", "session token", "jsessionid", "phpsessid"),
        "A session gives access. The names of cookies are kept, their values are masked.",
    ),
    Group(
        "Cards",
        (
            *("card number", "card no", "cc number", "cvv", "cvc", "card verification value"),
            *("card security code", "card verification code"),
        ),
        "Card data must not be in a log.",
        shortest=3,
    ),
    Group(
        "USPS Web Tools",
        ("=userid",),
        "The user id is the complete credential. It is an attribute of the XML in the query.",
        places=("attribute",),
    ),
    Group(
        "UPS XML",
        ("=userid",),
        "A part of the login, together with `Password` and `AccessLicenseNumber`.",
        hosts=("ups.com",),
        platforms=("ups",),
        places=("element",),
    ),
    Group("DHL XML", ("=siteid",), "A part of the login.", hosts=("dhl.com",), platforms=("dhl_express",)),
    Group("HCT", ("=v",), "The id of the key for the tracking page.", hosts=("hct.com.tw",), platforms=("hct",)),
    Group(
        "Kerry TJ",
        ("=flag",),
        "An MD5 of customer number and date: a weak login.",
        hosts=("kerrytj.com",),
        platforms=("kerry_tj",),
        shortest=16,
    ),
    Group(
        "91APP, older signing",
        ("=t", "=s"),
        "Token and signature in the query.",
        hosts=("91app.com", "91mai.com"),
        platforms=("91app",),
        places=("query", "form"),
        shortest=8,
    ),
    Group(
        "Qoo10",
        ("=key", "=resultobject"),
        "The seller's key: in the query of older clients, and in the response that creates it.",
        hosts=("qoo10.jp", "qoo10.com", "qoo10.sg"),
        platforms=("qoo10",),
        places=("query", "form"),
    ),
    Group(
        "EasyPost API keys",
        ("=key",),
        "The list of an account's keys.",
        hosts=("easypost.com",),
        platforms=("easypost",),
        places=("json",),
        shortest=16,
    ),
)


def _of_profiles() -> list[Group]:
    """What profiles add. A bare name may be a word elsewhere in the same platform's bodies: short values are let be."""
    groups = [Group("From profiles", EVERYWHERE, "Names that only one platform uses. They are masked everywhere.")]
    for platform, place, terms in ONLY_AT:
        places = (cast("Place", place),) if place else ()
        why = "Secret on this platform, harmless on others."
        groups.append(Group(platform, terms, why, (), places, shortest=6, platforms=(platform,)))
    return groups


TABLE: tuple[Group, ...] = (*GENERAL, *_of_profiles())

PLAIN: tuple[str, ...] = (
    # Positions in a list, and numbers that only prevent doing a thing twice.
    *("page token", "next token", "prev token", "previous token", "pagination token", "continuation token"),
    *("sync token", "cursor token", "start token", "idempotency token", "idempotency key", "request token id"),
    # The name that an aggregator gives to a carrier's service: `servicelevel: {token: fedex_ground}`.
    *("servicelevel token", "service level token", "extended token"),
    # How much text a language model read.
    *("max tokens", "total tokens", "prompt tokens", "completion tokens", "input tokens", "output tokens"),
    # The parcel is handed over against a signature: a service of the carrier.
    *("signature confirmation", "signature service", "signature release", "signature on delivery", "signature image"),
    *("signature input", "direct signature", "indirect signature", "adult signature", "delivery signature"),
    *("signature proof", "signature waiver", "no signature", "proof of delivery signature", "signature name"),
    *("call sign", "tracking pin"),
    # Identifiers of keys and credentials, and what everybody may know.
    *("key id", "key ids", "key pair id", "access key id", "public key", "public keys", "credential id"),
    *("credentials id", "allow credentials", "content digest", "repr digest", "want digest", "key version"),
    # Permission to send goods back, and money set aside.
    *("return authorization", "return authorisation", "authorization number", "authorization amount"),
    *("authorization currency", "authorization key", "authorisation number", "authorisation amount"),
    *("authorisation currency", "authorisation key"),
)

ATTRIBUTES = words(
    "type types at on in ttl date time timestamp day days seconds sec expires expire expiry expiration expired "
    "lifetime duration age issued updated created changed modified last reset valid validity invalid verified "
    "required require requirement needed option options level kind class mode method methods algorithm alg version "
    "count total limit remaining length len size enabled disabled active policy rule rules strength scope scopes "
    "format encoding name names field fields header headers provider url uri endpoint link href status state error "
    "errors message messages description title label usage attempts failures location position "
    "image images graphic gen generated requirements schema"
)
"""After a term: the name is of something about the secret."""

QUESTIONS = words("has is are requires require needs use uses enable enabled supports forgot show hide")
"""Before a term, as a name's first word: the value is yes or no."""

SCHEMES = words(
    "bearer basic digest token shippotoken oauth apikey api-key aws4-hmac-sha256 cea esa hmac iaf mac negotiate ntlm "
    "easypost-hmac hmac-sha256 signature sso-key key"
)
"""Authorization schemes (RFC 9110 §11.1) kept before a masked value."""

SHAPES: tuple[tuple[str, str, int], ...] = (
    # (what must be in the text at all, what a secret of this kind looks like, the shortest that it can be in one
    # piece): known wherever they stand.
    ("eyJ", r"eyJ[\w-]{8,}+\.eyJ[\w-]{8,}+\.[\w-]*", 24),  # JSON Web Token, RFC 7519
    ("shp", r"shp(?:at|ca|ua|pa|ss|pat)_[0-9a-fA-F]{24,}", 30),  # Shopify
    ("shippo_", r"shippo_(?:live|test)_[0-9a-f]{24,}", 36),  # Shippo
    ("sk_", r"sk_(?:live|test)_\w{16,}", 24),  # Stripe
    ("whsec_", r"whsec_[\w+/=]{16,}", 22),  # Standard Webhooks
    ("ck_", r"ck_[0-9a-f]{40}", 43),  # WooCommerce
    ("cs_", r"cs_[0-9a-f]{40}", 43),  # WooCommerce
    ("EZ", r"EZ[AT]K[0-9a-f]{16,}\w*", 20),  # EasyPost
    (
        "PRIVATE KEY-",
        r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]*+(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?",
        0,
    ),  # RFC 7468
    ("AIza", r"AIza[\w-]{35}", 39),  # Google
    ("xox", r"xox[abprs]-[\w-]{10,}", 15),  # Slack
    ("gh", r"gh[opsur]_\w{36,}", 40),  # GitHub
    ("Atz", r"Atz[ar]\|[\w+/=.-]{16,}", 21),  # Amazon
)

PATHS: tuple[tuple[str, str], ...] = (
    # (host, path with the secret as group 1): addresses that are secrets themselves.
    ("hooks.slack.com", r"/(?:services|workflows|triggers)/(.+)"),
    ("api.telegram.org", r"/(?:file/)?bot([^/]+)"),
    ("discord.com", r"/api/(?:v\d+/)?webhooks/\d+/([^/]+)"),
    ("my.novaposhta.ua", r"/.+?/apiKey/([^/]+)"),
)

_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\x00-\x7f]+")


def parts(name: str) -> list[str]:
    """The name's words, in lower case: `eBayAuthToken` → e, bay, auth, token."""
    return [part.lower() for part in _PART.findall(name)]


class Terms:
    """Some groups of the table, made ready to judge names."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self._wholes: dict[str, list[Group]] = {}
        self._phrases: dict[str, tuple[Group, bool]] = {}
        self._endings: dict[str, Group] = {}
        for group in groups:
            for term in group.terms:
                words = term.lstrip("=*").rstrip("$")
                joined = words.replace(" ", "")
                if term.startswith("="):
                    self._wholes.setdefault(joined, []).append(group)
                    continue
                for phrase in {words, joined}:
                    self._phrases.setdefault(phrase, (group, term.endswith("$")))
                if term.startswith("*") or (" " in words and len(joined) > 5):
                    self._endings.setdefault(joined, group)
        self._plain = {phrase for words in PLAIN for phrase in (words, words.replace(" ", ""))}
        self._plain_endings = tuple(words.replace(" ", "") for words in PLAIN)
        self._all_endings = tuple(self._endings)
        self._longest = max(len(phrase.split()) for phrase in (*self._phrases, *self._plain))

    def judge(self, name: str) -> list[Group]:
        """The groups by which the name is secret; none where it is not."""
        words = parts(name)
        found = list(self._wholes.get("".join(words), ())) if name and not name.isspace() else []
        if not words or words[0] in QUESTIONS:
            return found
        covered = {
            at
            for start, stop, phrase in self._runs(words)
            if phrase in self._plain or (stop - start == 1 and phrase.endswith(self._plain_endings))
            for at in range(start, stop)
        }
        for start, stop, phrase in self._runs(words):
            group = self._group(phrase, stop - start == 1, stop == len(words))
            if group is None or group in found or covered.issuperset(range(start, stop)):
                continue
            if not ATTRIBUTES.isdisjoint(words[stop:]):
                continue
            found.append(group)
        return found

    def whole(self, name: str) -> bool:
        """Whether the name is secret as a whole, whatever its parts would say."""
        return "".join(parts(name)) in self._wholes

    def excepted(self, name: str) -> bool:
        """Whether the name ends in a phrase that only looks like a secret's, and is none by itself."""
        words = parts(name)
        return any(stop == len(words) and phrase in self._plain for _, stop, phrase in self._runs(words))

    def _runs(self, words: list[str]) -> list[tuple[int, int, str]]:
        count = len(words)
        return [
            (start, stop, " ".join(words[start:stop]))
            for start in range(count)
            for stop in range(start + 1, min(count, start + self._longest) + 1)
        ]

    def _group(self, phrase: str, single: bool, last: bool) -> Group | None:
        known = self._phrases.get(phrase)
        if known and (last or not known[1]):
            return known[0]
        if single and phrase.endswith(self._all_endings):
            return next(self._endings[ending] for ending in self._all_endings if phrase.endswith(ending))
        return None


def configured(names: Iterable[str]) -> Group:
    """Names that a program adds for itself, judged by the same rule."""
    return Group("Configured", tuple(" ".join(parts(name)) for name in names if parts(name)), "Named by the program.")


_EVERYWHERE = Terms(group for group in TABLE if not (group.hosts or group.platforms or group.places or group.login))


def is_secret(name: str) -> bool:
    """Whether a field of this name is masked wherever it stands, on every platform."""
    return bool(_EVERYWHERE.judge(name))


def document() -> str:
    """The table as Markdown: what `docs/secrets.md` holds."""
    lines = [
        "# What is masked",
        "",
        "<!-- Written by `python -m apitrail.recorder.secrets`; change src/apitrail/recorder/secrets.py instead. -->",
        "",
        RULE,
    ]
    for group in TABLE:
        lines += ["", f"## {group.title}", "", group.why, "", ", ".join(f"`{term}`" for term in group.terms)]
        limits = [
            *(
                [f"only in calls to {' or '.join((*group.hosts, *group.platforms))}"]
                if group.hosts or group.platforms
                else []
            ),
            *([f"only in: {', '.join(group.places)}"] if group.places else []),
            *(["only in what a call sends to log in"] if group.login else []),
            *([f"only values of {group.shortest} characters or more"] if group.shortest > 1 else []),
            *([f"only values of up to {group.longest} characters"] if group.longest else []),
        ]
        if limits:
            lines += ["", f"Limits: {'; '.join(limits)}."]
    sections = (
        ("Phrases that are not masked", PLAIN),
        ("Words after a term that describe it", sorted(ATTRIBUTES)),
        ("First words of a question", sorted(QUESTIONS)),
        ("Secrets that are known by their shape", [shape for _, shape, _ in SHAPES]),
        ("Addresses that are secrets", [host + path for host, path in PATHS]),
    )
    for title, items in sections:
        lines += ["", f"## {title}", "", ", ".join(f"`{item}`" for item in items)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(document())
