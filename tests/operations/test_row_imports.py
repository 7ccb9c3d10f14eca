"""The commands `catalog import` and `customers import`: every line is stored, or refused with its reason."""

import json

import pytest
from sqlalchemy import select

from database import db
from models.audit import AuditEntry
from models.customer import Customer
from models.product import Product
from tests import cast


@pytest.fixture
def run(app, alder, tmp_path):
    def run(noun, text, *more, merchant=None):
        path = tmp_path / "rows.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        done = app.test_cli_runner().invoke(
            args=[noun, "import", str(path), "--merchant", str(merchant or alder), *more, "--json"])
        db.session.remove()
        return done.exit_code, json.loads(done.stdout)

    return run


def counts(told):
    return tuple(told[name] for name in ("created", "updated", "unchanged", "rejected"))


def products():
    return {one.sku: (one.name, one.price_micro, one.currency, one.test)
            for one in db.session.scalars(select(Product).order_by(Product.id))}


CATALOGUE = (
    "SKU,Name,Price,Currency,Colour\n"
    "A-1,Lamp,12.5,EUR,red\n"
    "A-2,\"Shade, large\nwhite\",0.000001,GBP,\n"
    "A-3,Cord,minus two,EUR,\n"
    "\n"
    "A-4,Plug,1,EUR,blue,more\n"
    "A-5,,1,EUR,\n"
)


def test_products_are_made_then_changed_and_wrong_lines_are_told(run, alder):
    code, told = run("catalog", CATALOGUE)
    assert (code, counts(told), told["ignored_columns"]) == (0, (2, 0, 0, 3), ["Colour"])
    with open(told["rejected_file"]) as kept:
        lines = kept.read().splitlines()
    assert [one.partition(":")[0] for one in lines] == ["line 5", "line 7", "line 8"]
    assert "price" in lines[0]
    assert "6 cells below 5 heads" in lines[1]
    assert "name" in lines[2]
    assert products() == {
        "A-1": ("Lamp", 12_500_000, "EUR", False), "A-2": ("Shade, large\nwhite", 1, "GBP", False)}
    assert counts(run("catalog", CATALOGUE)[1]) == (0, 2, 2, 3)
    dearer = run("catalog", "stock code;unit price;name\na-1;13,50;Lamp\nA-2;2;\n")
    assert counts(dearer[1]) == (0, 1, 0, 1)
    assert products()["A-2"] == ("Shade, large\nwhite", 2_000_000, "GBP", False)      # an empty cell changes nothing


def test_the_worlds_and_merchants_have_their_own(run, birch):
    text = "name,price,sku\nLamp,1,A-1\n"
    assert counts(run("catalog", text)[1]) == (1, 0, 0, 0)
    assert counts(run("catalog", text, "--test")[1]) == (1, 0, 0, 0)
    assert counts(run("catalog", text, merchant=birch)[1]) == (1, 0, 0, 0)
    assert cast.count(Product) == 3


CUSTOMERS = (
    "First name,Last name,E-mail,Street,City,Country,VAT number\n"
    "Ada,Lovelace,ada@example.org,12 St James's Square,London,GB,\n"
    "Grace,Hopper,grace@example.org,,,,US-1\n"
    "Nobody,,not an address,,,,\n"
)


def customers():
    found = {}
    for one in db.session.scalars(select(Customer).order_by(Customer.id)):
        address = one.billing_address
        found[one.email] = (one.name, address.city if address else None, one.tax_number)
    return found


def test_customers_are_known_by_their_email_or_code(run, alder):
    code, told = run("customers", CUSTOMERS)
    assert (code, counts(told)) == (0, (2, 0, 0, 1))
    assert customers() == {
        "ada@example.org": ("Ada Lovelace", "London", None), "grace@example.org": ("Grace Hopper", None, "US-1")}
    entries = cast.count(AuditEntry)
    assert counts(run("customers", CUSTOMERS)[1]) == (0, 2, 2, 1)
    assert cast.count(AuditEntry) == entries            # nothing changed, and nothing is said of it
    assert counts(run("customers", "email,city\nada@example.org,Bath\n")[1]) == (0, 1, 0, 0)
    assert customers()["ada@example.org"] == ("Ada Lovelace", "Bath", None)
    ada = db.session.scalar(select(Customer).where(Customer.email == "ada@example.org"))
    code = ada.code
    told = run("customers", f"customer_id,email\n{code},ada@lovelace.example\nabcdefghij,x@example.org\n")[1]
    assert counts(told) == (0, 1, 0, 1)
    assert customers()["ada@lovelace.example"] == ("Ada Lovelace", "Bath", None)
    assert counts(run("customers", "email,phone\nGRACE@example.org,+44 20 7946 0018\n")[1]) == (0, 1, 0, 0)


@pytest.mark.parametrize("text", [
    "", "sku,colour\n1,2\n", "name,name,price\na,b,1\n", b"\x00\x01\x02", "name,price," + ",".join("abcdefgh" * 30),
    '"name,price\n',
])
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(run, text):
    code, told = run("catalog", text)
    assert (code, set(told)) == (1, {"error", "details"})
    assert cast.count(Product) == 0


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_the_usual_encodings_are_read(run, encoding):
    assert counts(run("catalog", "name;price;sku\nCafé;1;ä\n".encode(encoding))[1]) == (1, 0, 0, 0)
    assert products()["ä"][0] == "Café"


def test_an_unclosed_quote_loses_no_line_before_it(run):
    told = run("catalog", 'name,price\nLamp,1\n"Cord,2\nPlug,3\n')[1]
    assert counts(told) == (1, 0, 0, 1)


def test_another_merchant_is_not_touched(run, alder, birch):
    cast.make_customer(birch, "Ada", email="ada@example.org")
    assert counts(run("customers", "name,email\nAda,ada@example.org\n")[1]) == (1, 0, 0, 0)
    assert run("customers", "name,email\nAda,a@example.org\n", merchant=99)[0] == 1
