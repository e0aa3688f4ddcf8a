"""The table of secret names: what is caught, what is not, and the document written from it."""

import re
from pathlib import Path

import pytest

from apitrail.recorder.secrets import PLAIN, TABLE, document, is_secret, parts, words

SECRET = words("""
access_token accessToken ACCESS_TOKEN accesstoken refresh_token id_token token tokens x-amz-access-token eBayAuthToken
X-Auth-Token X-RMG-Auth-Token X-Payment-Authorization-Token X-Shopify-Access-Token EasyStore-Access-Token CustomerToken
WM_SEC.ACCESS_TOKEN restrictedDataToken subject_token csrf_token oauth_token ny-api-token X-DPD-TOKEN RESTToken
X-Amz-Security-Token tts-access-token password passwd userPassword sPassword PassWord password2 password_confirmation
entpPwd entppwd CSTMR_PSWD X-DPD-PASSWORD accountPassword user[password] secret client_secret clientSecret
X-DPD-CLIENTSECRET X-IBM-Client-Secret X-IBM-Client-Id consumer_secret consumer_key webhook_secret secret_key
apiKey api_key apikey API-Key X-API-KEY dhl-api-key n1-api-key AUTH-KEY privateKey AccessLicenseNumber HashKey HashIV
EncryptKey GiosisCertificationKey X-RT-Key Ocp-Apim-Subscription-Key X-EBAY-API-CERT-NAME encryptionDetails.key_secret
checkWord checkword verifyCode CheckMacValue checkmacvalue msgDigest data_digest sign api_sign signature oauth_signature
X-Amz-Signature Sendcloud-Signature fdx-signature X-WC-Webhook-Signature webhook-signature N1-DATA-SIGNATURE
X-Shopify-Hmac-Sha256 X-Ninjavan-Hmac-Sha256 WM_SEC.AUTH_SIGNATURE authorization Proxy-Authorization X-RT-Authorization
X-YahooWSSID-Authorization authorization_code auth_code cookie Set-Cookie credentials test_credentials credentials[user]
UserCredential jwt assertion client_assertion code_verifier device_code otp otpBackNo pin AccountPin cvv cvc card_number
cardNumber sessionId JSESSIONID initializationVector 密碼
""")

HARMLESS = words("""
author authority authors authenticated monkey keyword keywords key keys code token_type token_url page_token
next_page_token nextToken NextToken nextPageToken continuationToken continuation_token pageToken cursor expires_in
access_token_expire_in x-current-token-count signature_required signatureConfirmation SignatureOption
SignatureOptionType requires_signature SignatureRequired adult_signature postal_code country_code
password_changed_at password_policy has_password pass_count passenger compass bypass client_id app_key partner_id
public_key AWSAccessKeyId Key-Pair-Id idempotency_key Idempotency-Key access-control-allow-credentials www-authenticate
tracking-pin pin_code_area pinned shipping spinner design assigned signed_by signedBy sign_in sign_date signer
oauth_signature_method return_authorization hash store_hash session description secretary tokenize total_tokens
grant_type response_type responseKey user-agent certificate content-digest USERID user_id
""")


@pytest.mark.parametrize("name", sorted(SECRET))
def test_a_secrets_name_is_caught(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", sorted(HARMLESS))
def test_a_harmless_name_is_let_pass(name: str) -> None:
    assert not is_secret(name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("eBayAuthToken", ["e", "bay", "auth", "token"]),
        ("X-Shopify-Access-Token", ["x", "shopify", "access", "token"]),
        ("WM_SEC.ACCESS_TOKEN", ["wm", "sec", "access", "token"]),
        ("APIKey2", ["api", "key"]),
        ("", []),
    ],
)
def test_a_name_is_split_at_its_parts(name: str, words: list[str]) -> None:
    assert parts(name) == words


def test_every_term_of_the_table_catches_its_own_name() -> None:
    for group in TABLE:
        if group.hosts or group.platforms or group.places or group.login:
            continue
        for term in group.terms:
            assert is_secret(term.strip("=*$").replace(" ", "_")), term


def test_every_exception_is_one() -> None:
    for phrase in PLAIN:
        assert not is_secret(phrase.replace(" ", "_")), phrase


def test_the_document_is_written_from_the_table() -> None:
    path = Path(__file__).parents[2] / "docs" / "secrets.md"
    assert path.read_text(encoding="utf-8") == document(), "run: make secrets"


def test_every_group_says_why() -> None:
    for group in TABLE:
        assert group.title
        assert re.search(r"\.$", group.why), group.title
