"""A merchant's logo on pages and in mails: served by its digest, cacheable, without anything that could run."""

import base64
from email import message_from_bytes, policy

import pytest

from blueprints.pay.mails import composing
from database import db, transaction
from domain.outbox.leases import Lease
from domain.people import logos, merchants
from domain.sales.orders import orders, payment_links
from outbound.mail import mailer
from tests import cast
from tests.pay.mailed import BASE, waiting
from tests.pictures import jpeg, png


@pytest.fixture
def logo(alder):
    return put(alder, png(300, 60))


def put(merchant_id, raw):
    with transaction():
        own, merchant = merchants.LISTING.lock(cast.actor_for(merchant_id), merchant_id)
        return logos.put(own, merchant, raw).digest


def remove(merchant_id):
    with transaction():
        logos.remove(*merchants.LISTING.lock(cast.actor_for(merchant_id), merchant_id))


def test_it_is_served_as_a_picture_and_nothing_else(browser, alder, logo):
    reply = browser.get(f"/logo/{logo}")
    assert reply.status_code == 200
    headers = reply.headers
    assert headers["Content-Type"] == "image/png"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in headers
    assert reply.data.startswith(b"\x89PNG")
    assert browser.get(f"/logo/{put(alder, jpeg())}").mimetype == "image/jpeg"
    assert browser.get(f"/logo/{logo}").status_code == 404, "it is not in use any more"


@pytest.mark.parametrize("digest", ["0" * 64, "x", "..%2f..%2fetc", "A" * 64, "0" * 63])
def test_other_addresses_have_no_picture(browser, logo, digest):
    assert browser.get(f"/logo/{digest}").status_code == 404


def test_pages_show_it_and_initials_without_it(browser, order, alder, logo):
    path = payment_links.path_of(orders.locked(order).link_token).replace("/pay/", "/order/")
    db.session.rollback()
    page = browser.get(path)
    assert f'<img src="/logo/{logo}" alt="" width="300" height="60">' in page.text
    assert "f-mono" not in page.text
    assert "img-src 'self'" in page.headers["Content-Security-Policy"]
    remove(alder)
    page = browser.get(path).text
    assert "/logo/" not in page
    assert 'class="f-mono" aria-hidden="true">AS<' in page


def test_mails_bring_it_along_so_that_nothing_is_loaded(order, alder, logo, monkeypatch):
    monkeypatch.setattr(mailer, "url", "smtp://127.0.0.1:1")
    (task,) = waiting("receipt")
    lease = Lease(id=task.id, kind=task.kind, lane=task.lane, pool=task.pool, payload=task.payload, attempts=0,
                  merchant_id=task.merchant_id, test=task.test)
    mail = message_from_bytes(mailer.message(lease).as_bytes(), policy=policy.default)
    text, related = mail.iter_parts()
    html, picture = related.iter_parts()
    assert [part.get_content_type() for part in (text, related, html, picture)] == [
        "text/plain", "multipart/related", "text/html", "image/png"]
    content_id = picture["Content-ID"].strip("<>")
    assert f'<img src="cid:{content_id}" alt="" width="200" height="40"' in html.get_content()
    assert picture.get_content().startswith(b"\x89PNG")
    assert "src=\"http" not in html.get_content()
    assert "url(" not in html.get_content()
    remove(alder)
    mail = message_from_bytes(mailer.message(lease).as_bytes(), policy=policy.default)
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert "<img" not in mail.as_string()


def test_a_preview_has_it_within(alder, logo):
    shown = composing.sample("receipt", alder, BASE).page
    assert "cid:" not in shown
    data = shown.partition('src="data:image/png;base64,')[2].partition('"')[0]
    assert base64.b64decode(data).startswith(b"\x89PNG")


@pytest.mark.parametrize(("size", "shown"), [((64, 32), 'width="64" height="32"'), ((16, 800), 'width="1" height="48"'),
                                             ((1000, 100), 'width="200" height="20"')])
def test_a_logo_keeps_its_shape_in_mails(alder, size, shown):
    put(alder, png(*size))
    assert shown in composing.sample("receipt", alder, BASE).html
