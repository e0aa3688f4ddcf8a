"""Secret names that profiles declare. Written by `python -m apitrail.profiles.secrets`; not by hand.

Data only, so that a recorder need not read profiles. A term is written as in `apitrail.recorder.secrets`.
"""

from __future__ import annotations

EVERYWHERE: tuple[str, ...] = (
    "=challengeanswer",
    "=childkey",
    "=encryptiondetails",
    "=encryptiv",
    "=geosession",
    "=oauthnonce",
    "=oauthverifier",
    "=scompany",
    "=signedpayload",
    "=wskey",
    "=xdpdclientid",
    "=xgeodisservice",
    "=xokapikey",
    "=xpartner",
)
"""Names that mean nothing else on any platform."""

ONLY_AT: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("aramex", "", ("=username",)),
    ("bluedart", "", ("=clientid", "=lickey")),
    ("dhl_ecommerce", "", ("=clientid",)),
    ("dhl_parcel", "", ("=key",)),
    ("dhl_parcel_de", "", ("=appname", "=clientid", "=username")),
    ("endicia", "", ("=requesterid",)),
    ("fedex", "", ("=clientid", "=meternumber")),
    ("fedex", "element", ("=key",)),
    ("gls", "", ("=uid", "=uidcliente")),
    ("hct", "", ("=company",)),
    ("jt", "", ("=key",)),
    ("kerry_tj", "", ("=key",)),
    ("mondial_relay", "", ("=crc", "=security")),
    ("ontrac", "query", ("=pw",)),
    ("otto", "", ("=username",)),
    ("royal_mail", "", ("=nonce",)),
    ("sendcloud", "", ("=hash",)),
    ("shipengine", "", ("=accountnumber",)),
    ("square", "", ("=sourceid",)),
    ("stamps_com", "", ("=authenticator", "=codeword", "=integrationid")),
    ("yahoo_scm", "", ("=sp",)),
)
"""(platform, place or empty for every place, terms)."""

PLATFORMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "91app": (
        (
            "91app",
            "91appomni",
            "ninetyoneapp",
        ),
        (
            "api.91app.com",
            "apigw.qa.91dev.tw",
            "ims-api.91app.com",
            "member-api.91app.com",
            "payments-api.91app.com",
        ),
    ),
    "aramex": (
        (
            "aramex",
            "aramexinternational",
        ),
        (
            "ws.aramex.net",
            "ws.dev.aramex.net",
            "ws.sbx.aramex.net",
        ),
    ),
    "bluedart": (
        (
            "bluedart",
            "bluedartexpress",
        ),
        (
            "apigateway-sandbox.bluedart.com",
            "apigateway.bluedart.com",
            "netconnect.bluedart.com",
        ),
    ),
    "dhl_ecommerce": (
        (
            "dhlecommerce",
            "dhlecommerceamericas",
            "dhlecommercesolutions",
            "dhlecs",
        ),
        (
            "api-sandbox.dhlecs.com",
            "api.dhlecs.com",
        ),
    ),
    "dhl_express": (
        (
            "dhlexpress",
            "dhlworldwide",
            "mydhl",
            "mydhlapi",
        ),
        (
            "express.api.dhl.com",
            "wsbexpress.dhl.com",
            "xmlpi-ea.dhl.com",
            "xmlpitest-ea.dhl.com",
        ),
    ),
    "dhl_parcel": (
        (
            "dhlecommercenetherlands",
            "dhlparcel",
            "dhlparcelbenelux",
            "dhlparcelbeneluxiberia",
            "dhlparceles",
            "dhlparceliberia",
            "dhlparcelnl",
        ),
        (
            "api-gw-accept.dhlparcel.nl",
            "api-gw.dhlparcel.nl",
            "external.dhl.es",
        ),
    ),
    "dhl_parcel_de": (
        (
            "dhlgermany",
            "dhlpaket",
            "dhlparcelde",
            "dhlparcelgermany",
            "postparcelgermany",
        ),
        (
            "api-eu.dhl.com",
            "api-sandbox.dhl.com",
            "cig.dhl.de",
        ),
    ),
    "easypost": (
        ("easypost",),
        (
            "api.easypost.com",
            "easypost-files.s3.us-west-2.amazonaws.com",
        ),
    ),
    "endicia": (
        (
            "els",
            "endicia",
            "endicialabelserver",
            "ewslabelservice",
        ),
        (
            "elstestserver.endicia.com",
            "labelserver.endicia.com",
            "www.endicia.com",
            "www.envmgr.com",
        ),
    ),
    "fedex": (
        (
            "federalexpress",
            "fedex",
        ),
        (
            "apis-sandbox.fedex.com",
            "apis.fedex.com",
            "documentapi.prod.fedex.com",
            "documentapitest.prod.fedex.com",
            "gateway.fedex.com",
            "gatewaybeta.fedex.com",
            "ws.fedex.com",
            "wsbeta.fedex.com",
            "wwwtest.fedex.com",
        ),
    ),
    "gls": (
        (
            "generallogisticssystems",
            "gls",
            "glsgroup",
            "glsshipit",
        ),
        (
            "api-qs.gls-group.eu",
            "api-qs1.gls-group.eu",
            "api-sandbox.gls-group.net",
            "api.gls-group.eu",
            "api.gls-group.net",
            "api.mygls.{country}",
            "api.test.mygls.{country}",
            "shipit-{country}.gls-group.eu",
            "wsclientes.asmred.com",
            "www.gls-france.com",
        ),
    ),
    "hct": (
        (
            "hct",
            "hctlogistics",
            "新竹物流",
            "新竹貨運",
        ),
        (
            "hctapiweb.hct.com.tw",
            "hctrt.hct.com.tw",
            "www.hct.com.tw",
        ),
    ),
    "jt": (
        (
            "jnt",
            "jntexpress",
            "jt",
            "jtexpress",
            "极兔",
            "極兔",
        ),
        (
            "api.jtexpress.{country}",
            "demogw.jtjms-{country}.com",
            "demoopenapi.jtexpress.{country}",
            "demoopenapi.jtjms-{country}.com",
            "openapi.jtexpress.{country}",
            "openapi.jtjms-{country}.com",
            "uat-openapi.jtexpress.{country}",
            "ylopenapi.jtexpress.{country}",
        ),
    ),
    "kerry_tj": (
        (
            "kerry",
            "kerrytj",
            "嘉里大榮",
            "嘉里大榮物流",
            "大榮貨運",
        ),
        (
            "api.kerrytj.com",
            "www.kerrytj.com",
        ),
    ),
    "mondial_relay": (
        (
            "inpostfrance",
            "mondialrelay",
            "mondialrelayfr",
        ),
        (
            "api.mondialrelay.com",
            "connect-api-sandbox.mondialrelay.com",
            "connect-api.mondialrelay.com",
        ),
    ),
    "ontrac": (
        ("ontrac",),
        (
            "shipontrac.net",
            "www.shipontrac.net",
        ),
    ),
    "otto": (
        (
            "otto",
            "ottomarket",
        ),
        (
            "api.otto.market",
            "sandbox.api.otto.market",
        ),
    ),
    "qoo10": (
        (
            "qapi",
            "qoo10",
            "qsm",
        ),
        ("api.qoo10.jp",),
    ),
    "royal_mail": (
        (
            "channelshipper",
            "clickdrop",
            "royalmail",
        ),
        (
            "api.parcel.royalmail.com",
            "api.royalmail.com",
            "api.royalmail.net",
            "test.api.royalmail.net",
        ),
    ),
    "sendcloud": (
        ("sendcloud",),
        (
            "account.sendcloud.com",
            "app.sendcloud.com",
            "panel.sendcloud.com",
            "panel.sendcloud.sc",
            "servicepoints.sendcloud.sc",
        ),
    ),
    "shipengine": (
        (
            "shipengine",
            "shipstationapi",
            "shipstationv2",
        ),
        (
            "api.shipengine.com",
            "api.shipstation.com",
        ),
    ),
    "square": (
        (
            "square",
            "squareup",
        ),
        (
            "connect.squareup.com",
            "connect.squareupsandbox.com",
            "squareup.com",
        ),
    ),
    "stamps_com": (
        (
            "endiciasera",
            "stampscom",
            "swsim",
        ),
        (
            "api.stampsendicia.com",
            "api.testing.stampsendicia.com",
            "signin.stampsendicia.com",
            "signin.testing.stampsendicia.com",
            "swsim.stamps.com",
            "swsim.testing.stamps.com",
        ),
    ),
    "ups": (
        ("ups",),
        (
            "filexfer.ups.com",
            "onlinetools.ups.com",
            "wwwcie.ups.com",
        ),
    ),
    "yahoo_scm": (
        (
            "yahooscm",
            "yahooshopping",
            "yahooshoppingscm",
            "yahootwscm",
            "yahoo購物中心",
        ),
        (
            "tw.scm.yahooapis.com",
            "tw.supplier.yahoo.com",
        ),
    ),
}
"""Platform → (every name of it, folded; its hosts, with `{…}` for any part)."""
