"""Rules for every page, checked by loops over the route map, so that they cover new pages too."""

import re

import pytest
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from domain.permissions import ROLE_SCOPES
from models.user import Role
from tests import cast

FREE = {                            # pages of everybody who is signed in
    "admin.overview", "admin.palette", "admin.switch", "admin.mode", "admin.account", "admin.account_save",
    "admin.account_password", "admin.account_end_session", "admin.account_end_others", "admin.account_two_factor",
    "admin.account_begin_two_factor", "admin.account_turn_on_two_factor", "admin.account_turn_off_two_factor",
    "admin.account_renew_codes", "admin.stop_viewing",
}
EXAMPLES = {"name": "email"}


def addresses(app):
    """Every address behind the sign-in: endpoint, method, path."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/admin"):
            path = re.sub(r"<any\((\w+)[^>]*>", r"\1", rule.rule)           # the first of its words
            path = re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda found: EXAMPLES.get(found[1], "1"), path)
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                yield rule.endpoint, method, path


def test_strangers_are_sent_to_sign_in_from_everywhere(app, visitor):
    for endpoint, method, path in addresses(app):
        stranger = visitor()
        reply = stranger.open(method, path)
        assert reply.status_code == 303, (endpoint, method)
        assert reply.headers["Location"].startswith("/login"), endpoint
        part = stranger.open(method, path, headers={"HX-Request": "true", "HX-Request-Type": "partial"})
        assert part.status_code == 401, (endpoint, method)
        assert part.headers["HX-Redirect"].startswith("/login"), endpoint
        assert not part.data


def test_every_writing_address_requires_the_token(app, admin):
    for endpoint, method, path in addresses(app):
        if method != "GET":
            assert admin.open(method, path).status_code == 400, endpoint
            assert admin.open(method, path, data={"csrf_token": "made up"}).status_code == 400, endpoint
    assert admin.open("POST", "/logout").status_code == 400


def test_the_token_of_another_session_is_refused(visitor, admin):
    other = visitor()
    other.get("/login")
    assert admin.open("POST", "/admin/mode", data={"csrf_token": other.token}).status_code == 400


def test_another_site_cannot_post_even_with_the_token(admin):
    for origin in ("cross-site", "same-site"):
        reply = admin.post("/admin/mode", headers={"Sec-Fetch-Site": origin})
        assert reply.status_code == 403
    assert admin.post("/admin/mode", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303


NO_NUMBERS = ("0", "-1", "٣", str(2**63), "9" * 30, "9" * 5000, "1e3", "01")


def opens(router, path, method):
    """Whether the address leads to a view."""
    try:
        router.match(path, method)
    except (NotFound, MethodNotAllowed):
        return False
    except RequestRedirect:
        pass
    return True


@pytest.mark.slow
def test_an_address_with_a_number_that_no_row_has_does_not_exist(app, admin):
    router = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "<int" not in rule.rule:
            continue
        path = re.sub(r"<any\((\w+)[^>]*>", r"\1", rule.rule)
        for number in NO_NUMBERS:
            wrong = re.sub(r"<int[^>]*>", number, path)
            wrong = re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda found: EXAMPLES.get(found[1], "1"), wrong)
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                if number != NO_NUMBERS[1] and not opens(router, wrong, method):
                    continue                            # answered as the others that lead nowhere
                reply = admin.get(wrong) if method == "GET" else admin.post(wrong)
                assert reply.status_code in (400, 404, 405), (method, rule.rule, number[:30])


@pytest.mark.parametrize(("path", "field", "more"), [
    ("/admin/switch", "merchant", {}), ("/admin/orders/line", "key", {}), ("/admin/budgets/line", "key", {}),
    ("/admin/budgets/sum", "key", {}), ("/admin/invoices/line", "key", {}), ("/admin/invoices/sum", "key", {}),
    ("/admin/products/preview", "key", {}), ("/admin/customers", "merchant_id", {}),
    ("/admin/customers/bulk", "ids", {"verb": "archive"}), ("/admin/scheduled-payments/bulk", "ids", {"verb": "skip"}),
    ("/admin/scheduled-payments/bulk", "ids", {"verb": "merge_several"}),
])
def test_a_form_with_a_number_that_no_row_has_is_no_fault_of_ours(ops, path, field, more):
    for number in NO_NUMBERS:
        assert ops.post(path, {field: number, **more}).status_code < 500, number[:30]


def test_every_page_has_a_scope_or_is_for_everybody(app):
    for endpoint, _, _ in addresses(app):
        if endpoint.startswith("admin."):
            scope = getattr(app.view_functions[endpoint], "scope", None)
            assert (scope is None) == (endpoint in FREE), endpoint


@pytest.mark.parametrize("role", [Role.ACCOUNTANT, Role.NORMAL, Role.RESTRICTED])
def test_no_role_exceeds_its_scopes(app, signed_in, alder, role):
    one = signed_in(role.value, [alder])
    for endpoint, method, path in addresses(app):
        scope = getattr(app.view_functions[endpoint], "scope", None)
        if scope is None or scope in ROLE_SCOPES[role]:
            continue
        for headers in ({}, {"HX-Request": "true", "HX-Request-Type": "partial"}):
            data = {"csrf_token": one.token} if method == "POST" else None
            assert one.open(method, path, data=data, headers=headers).status_code == 403, (endpoint, method)


@pytest.mark.parametrize("role", [Role.ACCOUNTANT, Role.NORMAL, Role.RESTRICTED])
def test_the_navigation_offers_only_what_opens(signed_in, alder, role):
    one = signed_in(role.value, [alder])
    page = one.get("/admin/").text
    links = set(re.findall(r'href="(/(?:admin|docs)[^"#]*)"', page))
    assert links
    for link in links:
        assert one.get(link.replace("&amp;", "&")).status_code == 200, link


def test_headers_of_pages_are_strict(admin):
    page = admin.get("/admin/customers")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in page.headers
    assert {"HX-Request", "HX-Request-Type"} <= set(page.vary)


def test_an_unknown_page_is_a_page(admin, visitor):
    found = admin.get("/admin/nothing-here")
    assert found.status_code == 404
    assert "This page does not exist" in found.text
    assert "Sign out" in found.text
    assert visitor().get("/nothing").status_code == 404


def offered(page):
    """Where the links of the page's middle lead, and what its buttons post to."""
    middle = page[page.index("<main"):page.index("</main>")]
    links = {("GET", path) for path in re.findall(r'href="(/admin/[^"]*)"', middle)}
    forms = re.findall(r'<form[^>]*method="post"[^>]*action="(/admin/[^"]*)"', middle)
    return {(method, path.replace("&amp;", "&")) for method, path in links | {("POST", path) for path in forms}}


@pytest.mark.slow
@pytest.mark.parametrize("role", list(Role))
def test_what_a_list_or_record_offers_is_not_refused(signed_in, alder, role):
    cast.make_budget(alder, cast.make_customer(alder))
    cast.make_product(alder)
    cast.make_key(alder)
    one, refused, opened, seen = signed_in(role.value, [alder]), [], 0, set()
    for noun in ("customers", "products", "products/groups", "products/rules", "budgets", "keys", "users", "merchants",
                 "webhooks", "currencies", "outbox", "audit"):
        for path in (f"/admin/{noun}", f"/admin/{noun}/1", f"/admin/{noun}?q=zzzz"):
            page = one.get(path)
            if page.status_code != 200:
                continue
            opened += 1
            for method, to in sorted(offered(page.text)):
                kind = method, re.sub(r"=[^&]*", "=", to)       # a list that is sorted by another column is no other
                if kind in seen or "/sessions/" in to:          # one's own session: the walk would end
                    continue
                seen.add(kind)
                reply = one.post(to) if method == "POST" else one.get(to)
                if reply.status_code == 403:
                    refused.append(f"{path} offers {to}")
    assert opened >= 4
    assert one.get("/admin/").status_code == 200
    assert refused == []


def test_only_the_operator_is_offered_a_new_merchant(admin, ops):
    assert "/admin/merchants/new" not in admin.get("/admin/merchants").text
    assert admin.get("/admin/merchants/new").status_code == 403
    assert "/admin/merchants/new" in ops.get("/admin/merchants").text
    assert ops.get("/admin/merchants/new").status_code == 200
    assert "/admin/merchants/1/archive" not in admin.get("/admin/merchants/1").text
    assert "/admin/merchants/1/archive" in ops.get("/admin/merchants/1").text
