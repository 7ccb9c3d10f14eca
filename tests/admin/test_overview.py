"""The first page: what to do next."""

import re

from tests import cast


def test_the_first_step_of_an_empty_installation_is_a_merchant_profile(signed_in):
    boss = signed_in("admin_user", everything=True, email="boss@example.com")

    def todo():
        return re.findall(r'<a class="b sm" href="(/admin/\w+/new)">', boss.get("/admin/").text)

    others = ["/admin/products/new", "/admin/customers/new", "/admin/keys/new", "/admin/budgets/new"]
    assert todo() == ["/admin/merchants/new", *others]
    assert "Five steps to" in boss.get("/admin/").text
    cast.make_merchant("Alder")
    assert todo() == others


def test_who_has_own_merchants_only_is_not_sent_to_make_one(admin):
    page = admin.get("/admin/").text
    assert "Four steps to" in page
    assert 'class="b sm" href="/admin/merchants/new"' not in page
