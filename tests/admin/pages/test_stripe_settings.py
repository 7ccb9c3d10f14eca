"""The settings of Stripe: keys for each world, stored encrypted, never shown again, and a button to try them."""

import pytest

from database import db
from domain.payments import gateway_accounts
from models.audit import AuditEntry
from tests.stripe_paying import in_place_of_stripe
from tests.stripe_stand_in import KEY, SECRET

HERE = "/admin/gateways"
FORM = {
    "stripe.enabled": "on", "stripe.secret_key": KEY, "stripe.webhook_secret": SECRET, "stripe.per_minute": "60",
    "stripe.retry_days": "1,3",
}
LIVE = "sk_live_51abcdefghijklmnopqrstuvwx"


@pytest.fixture
def tester(admin):
    """Somebody who looks at the test world."""
    admin.post("/admin/mode", {"test": "on"})
    return admin


def kept(alder, *, test=True):
    db.session.expire_all()
    return gateway_accounts.secrets_of(gateway_accounts.find(alder, "stripe", test=test))


def test_keys_are_stored_encrypted_and_shown_by_their_ends_only(tester, alder):
    assert tester.post(f"{HERE}/stripe", FORM).status_code == 303
    row = gateway_accounts.find(alder, "stripe", test=True)
    assert kept(alder) == {"secret_key": KEY, "webhook_secret": SECRET}
    assert (row.per_minute, row.retry_days) == (60, "1,3")
    assert KEY not in row.settings
    page = tester.get(HERE).text
    assert "sk_test_…d_in is stored" in page
    assert "whsec_…d_in is stored" in page
    for secret in (KEY, SECRET):
        assert secret not in page
        assert not any(secret in str((one.before, one.after)) for one in db.session.query(AuditEntry))


def test_the_page_says_where_stripe_sends_its_notifications_and_which(tester, alder):
    page = tester.get(HERE).text
    assert f"/pay/stripe/{alder}</pre>" in page
    assert "checkout.session.completed" in page
    assert "charge.dispute.closed" in page


@pytest.mark.parametrize(("changed", "field", "said"), [
    ({"stripe.secret_key": LIVE}, "secret_key", "of the live world"),
    ({"stripe.secret_key": "rk_live_51abcdefghijkl"}, "secret_key", "of the live world"),
    ({"stripe.secret_key": "pk_test_51abcdefghijkl"}, "secret_key", "publishable"),
    ({"stripe.secret_key": "something"}, "secret_key", "must begin with sk_test_"),
    ({"stripe.secret_key": "sk_test_a b c d e f"}, "secret_key", "must begin with sk_test_"),
    ({"stripe.secret_key": ""}, "secret_key", "is required"),
    ({"stripe.webhook_secret": "sk_test_51abcdefghijkl"}, "webhook_secret", "must begin with whsec_"),
    ({"stripe.retry_days": "soon"}, "retry_days", "whole days"),
])
def test_wrong_keys_are_refused_and_neither_stored_nor_shown_again(tester, alder, changed, field, said):
    reply = tester.post(f"{HERE}/stripe", FORM | changed)
    assert reply.status_code == 422
    assert said in reply.text.partition(f'id="stripe.{field}-wrong"')[2][:400]
    assert gateway_accounts.find(alder, "stripe", test=True) is None
    for name in ("stripe.secret_key", "stripe.webhook_secret"):
        typed = (FORM | changed)[name]
        assert not typed or f'value="{typed}"' not in reply.text


def test_test_keys_are_refused_in_the_live_world_and_each_world_keeps_its_own(admin, alder):
    assert "of the test world" in admin.post(f"{HERE}/stripe", FORM).text
    assert admin.post(f"{HERE}/stripe", FORM | {"stripe.secret_key": LIVE}).status_code == 303
    admin.post("/admin/mode", {"test": "on"})
    assert admin.post(f"{HERE}/stripe", FORM | {"stripe.secret_key": "rk_test_restricted"}).status_code == 303
    assert (kept(alder)["secret_key"], kept(alder, test=False)["secret_key"]) == ("rk_test_restricted", LIVE)


def test_empty_keys_stay_as_they_are_and_are_removed_by_saying_so(tester, alder):
    tester.post(f"{HERE}/stripe", FORM)
    empty = FORM | {"stripe.secret_key": "", "stripe.webhook_secret": ""}
    tester.post(f"{HERE}/stripe", empty | {"stripe.per_minute": "5"})
    assert kept(alder) == {"secret_key": KEY, "webhook_secret": SECRET}
    tester.post(f"{HERE}/stripe", empty | {"stripe.webhook_secret": "whsec_rolled_over"})
    assert kept(alder) == {"secret_key": KEY, "webhook_secret": "whsec_rolled_over"}
    tester.post(f"{HERE}/stripe", empty | {"stripe.remove_keys": "on"})
    assert kept(alder) == {}
    assert "Not entered yet" in tester.get(HERE).text


def test_trying_it_says_whether_stripe_takes_the_key(tester, alder, monkeypatch):
    tester.post(f"{HERE}/stripe/try")
    assert "No secret key of Stripe has been entered" in tester.get(HERE).text
    with in_place_of_stripe(monkeypatch):
        tester.post(f"{HERE}/stripe", FORM | {"stripe.secret_key": "sk_test_revoked"})
        tester.post(f"{HERE}/stripe/try")
        assert "does not accept the secret key" in tester.get(HERE).text
        tester.post(f"{HERE}/stripe", FORM)
        tester.post(f"{HERE}/stripe/try")
        assert "Stripe answers." in tester.get(HERE).text
