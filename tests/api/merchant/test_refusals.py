"""Errors of the Merchant API, in every way of calling: a map of attributes to lists of messages."""

import pytest

from tests import cast

DANA = {"first_name": "Dana", "last_name": "Scott", "email": "dana@example.com"}
NOT_READABLE = (400, {"base": ["Request body is not valid JSON or form data"]})


def answer(reply):
    return reply.status_code, reply.json


@pytest.mark.parametrize(("data", "kind"), [
    (b"{", "application/json"), (b"[]", "application/json"), (b"5", "application/json"), (b"\xff", "application/json"),
    (b'{"a": 1, "a": 2}', "application/json"), (b"<customer/>", "text/xml"), (b"hello", "text/plain"), (b"hello", ""),
    (b"a=%ff", "application/x-www-form-urlencoded"), (b"a", "multipart/form-data"),
    (b"a", "multipart/form-data; boundary=x"), (b"--x\r\n", "multipart/form-data; boundary=x"),
    (b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n1\r\n--x--\r\n',
     "multipart/form-data; boundary=x"),
    (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1', "multipart/form-data; boundary=x"),
    (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--x--\r\n', "multipart/form-data; boundary=x"),
])
def test_a_body_that_is_neither_json_nor_form_data_is_400(shop, data, kind):
    assert answer(shop("POST", "/customers", data=data, content_type=kind)) == NOT_READABLE


@pytest.mark.parametrize(("body", "message"), [
    ({}, "is missing"), (DANA, "is missing"), ({"customer": None}, "is missing"), ({"order": DANA}, "is missing"),
    ({"customer": 5}, "is invalid"), ({"customer": [DANA]}, "is invalid"), ({"customer": ""}, "is invalid"),
])
def test_a_body_without_its_wrapper_is_400(shop, body, message):
    assert answer(shop.post("/customers", body)) == (400, {"customer": [message]})


def test_no_body_at_all_lacks_the_wrapper(shop):
    assert answer(shop.post("/customers")) == (400, {"customer": ["is missing"]})
    form = shop("POST", "/customers", data={"first_name": "Dana"}, content_type="multipart/form-data")
    assert answer(form) == (400, {"customer": ["is missing"]})


def test_a_name_that_form_data_sends_twice_is_named(shop):
    body = "customer[first_name]=Dana&customer[first_name]=Dan"
    reply = shop("POST", "/customers", data=body, content_type="application/x-www-form-urlencoded")
    assert answer(reply) == (400, {"customer[first_name]": ["was sent more than once"]})


def test_a_packing_other_than_gzip_is_415(shop):
    reply = shop.post("/customers", {"customer": DANA}, headers={"Content-Encoding": "br"})
    assert reply.status_code == 415
    assert list(reply.json) == ["base"]


def test_a_body_that_is_too_large_and_one_with_too_many_values_are_413(shop):
    large = shop("POST", "/customers", data=b"x" * 1_100_000, content_type="application/json")
    many = shop("POST", "/customers", data="&".join(["a=1"] * 6000), content_type="application/x-www-form-urlencoded")
    assert [large.status_code, many.status_code] == [413, 413]
    assert [list(one.json) for one in (large, many)] == [["base"], ["base"]]


@pytest.mark.parametrize("path", [
    "/products/1/nothing", "/products/x", "/customers/999", "/products/0"])
def test_what_is_not_there_is_404(shop, path):
    assert answer(shop.get(path)) == (404, {"base": ["not found"]})


def test_a_row_of_another_merchant_is_404(shop, birch):
    key = cast.make_customer(birch)
    assert answer(shop.get(f"/customers/{key}")) == (404, {"base": ["not found"]})
    assert answer(shop.put(f"/customers/{key}", {"customer": {"last_name": "X"}})) == (404, {"base": ["not found"]})


def test_a_crash_is_500(shop, monkeypatch):
    def crash(*_, **__):
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr("blueprints.api.merchant.CONTRACT.collection", crash)
    reply = shop.get("/products")
    assert reply.status_code == 500
    assert list(reply.json) == ["base"]
    assert "disk" not in reply.text


# Writes that are repeated or raced ----------------------------------------------------------------


def test_a_key_that_was_used_for_another_request_is_409(shop):
    headers = {"Idempotency-Key": "one"}
    first = shop.post("/customers", {"customer": DANA}, headers=headers)
    again = shop.post("/customers", {"customer": dict(reversed(DANA.items()))}, headers=headers)
    assert (again.json, again.headers["Idempotent-Replayed"]) == (first.json, "true")
    form = {f"customer[{name}]": value for name, value in DANA.items()}
    by_form = shop("POST", "/customers", data=form, content_type="multipart/form-data", headers=headers)
    assert (by_form.json, by_form.headers["Idempotent-Replayed"]) == (first.json, "true")
    other = shop.post("/customers", {"customer": DANA | {"last_name": "Stone"}}, headers=headers)
    assert other.status_code == 409
    assert list(other.json) == ["base"]
    long = shop.post("/customers", {"customer": DANA}, headers={"Idempotency-Key": "x" * 256})
    assert (long.status_code, list(long.json)) == (400, ["Idempotency-Key"])


def test_a_failed_validation_does_not_use_a_key_up(shop):
    headers = {"Idempotency-Key": "one"}
    assert shop.post("/customers", {"customer": {}}, headers=headers).status_code == 422
    assert shop.post("/customers", {"customer": DANA}, headers=headers).status_code == 200


def test_a_version_that_is_gone_is_412_and_one_that_is_known_304(shop):
    made = shop.post("/customers", {"customer": DANA})
    path, tag = f"/customers/{made.json['id']}", made.headers["ETag"]
    assert shop.get(path, headers={"If-None-Match": tag}).status_code == 304
    body = {"customer": {"last_name": "Stone"}}
    changed = shop.put(path, body, headers={"If-Match": f'"77", {tag}'})
    assert changed.status_code == 200
    late = shop.put(path, body, headers={"If-Match": tag})
    assert (late.status_code, list(late.json)) == (412, ["base"])
    assert shop.get(path, headers={"If-None-Match": tag}).status_code == 200
