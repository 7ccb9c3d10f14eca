"""The commands `invoice pdf` and `invoice xml`."""

import json

import pytest

from tests import invoicing
from tests.domain.invoicing.documents.papers import pages
from tests.domain.invoicing.e_invoice.complete import make_complete


@pytest.fixture
def complete(alder):
    return make_complete(alder)


def run(app, *args):
    done = app.test_cli_runner().invoke(args=["invoice", *map(str, args), "--json"])
    return done.exit_code, json.loads(done.stdout)


@pytest.mark.parametrize("test", [False, True])
def test_an_invoice_of_either_world_is_written_as_pdf(app, alder, tmp_path, test):
    key, file = invoicing.make_issued(alder, test=test), tmp_path / "invoice.pdf"
    assert run(app, "pdf", key, "--output", file) == (0, {"file": str(file), "bytes": file.stat().st_size})
    assert f"Invoice {invoicing.of(key).number}" in pages(file.read_bytes())[0]


def test_the_e_invoice_is_written_alone(app, alder, complete, tmp_path):
    file = tmp_path / "invoice.xml"
    code, told = run(app, "xml", invoicing.make_issued(alder, complete), "--output", file)
    assert (code, told["bytes"]) == (0, file.stat().st_size)
    assert b"<ram:ID>INV-000001</ram:ID>" in file.read_bytes()


def test_an_incomplete_invoice_a_draft_and_an_absent_one_are_refused(app, alder, complete, tmp_path):
    file = tmp_path / "invoice.xml"
    for key, said in ((invoicing.make_issued(alder), "no e-invoice: the customer's country is missing."),
                      (invoicing.make_draft(alder, complete), "issued"), (10_000, "")):
        code, told = run(app, "xml", key, "--output", file)
        assert code == 1
        assert said in told["error"]
    assert not file.exists()


def test_a_place_that_cannot_be_written_is_named(app, alder, tmp_path):
    code, told = run(app, "pdf", invoicing.make_issued(alder), "--output", tmp_path / "absent" / "invoice.pdf")
    assert (code, "cannot be written" in told["error"]) == (1, True)
