"""Payment references: check digits of ISO 11649, and how they are found in what people type."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.payments.bank import creditor_references as references
from domain.payments.bank.creditor_references import Reference

REFERENCES = st.builds(Reference, st.integers(1, 10**8 - 1), st.one_of(st.none(), st.integers(0, 9998)))


@pytest.mark.parametrize("text", ["RF18 5390 0754 7034", "RF18539007547034", "rf712348231", "RF45G72UUR"])
def test_published_references_are_valid(text):
    assert references.is_valid(text)


@pytest.mark.parametrize("text", [
    "RF19539007547034", "RF18539007547043", "RF18", "DE18539007547034", "RF18" + "1" * 22, "",
])
def test_what_has_other_check_digits_or_another_form_is_not_valid(text):
    assert not references.is_valid(text)


def test_a_reference_is_printed_in_four_groups_of_four_digits():
    assert Reference(1234, 2).printed == "RF82 0000 1234 0003"
    assert Reference(1234).text.endswith("000012340000")


@given(REFERENCES)
def test_every_reference_is_valid_and_found_again(reference):
    assert references.is_valid(reference.text)
    assert references.found_in([reference.text]) == [reference]
    assert references.found_in([reference.printed]) == [reference]


@pytest.mark.parametrize("text", [
    "RF82 0000 1234 0003", "rf82 0000 1234 0003", "Invoice 7, RF82000012340003.", "RF82-0000-1234-0003",
    "RF82\n0000\r\n1234 0003", "Rf 8 2 0 0 0 0 1 2 3 4 0 0 0 3", "/ROC/RF82000012340003//URI/thank you",
    "ReferenceRF82000012340003", "RF82 0000 1234 0003 2026-11-01",
    "ＲＦ８２ ００００ １２３４ ０００３", "RF82.0000.1234.0003 12",
    "RF82\u00a00000\u00a01234\u00a00003",
])
def test_a_reference_is_found_whatever_people_and_banks_put_between(text):
    assert references.found_in([text]) == [Reference(1234, 2)]


def test_a_reference_that_a_bank_cut_into_two_texts_is_found():
    assert references.found_in(["for the bicycle RF82 0000 12", "34 0003 many thanks"]) == [Reference(1234, 2)]


def test_several_references_are_found_once_each_in_their_order():
    first, second = Reference(7, 0), Reference(8)
    assert references.found_in([f"{first.printed} and {second.text}", first.text]) == [first, second]


@pytest.mark.parametrize("text", [
    "", "RF", "RF82", "RF82 0000 1234 0004", "RF83 0000 1234 0003", "82 0000 1234 0003",
    "RF82 0000 l234 0003", "RF45G72UUR", "Düsseldorf 40213",
])
def test_what_is_no_reference_of_ours_is_not_found(text):
    assert references.found_in([text]) == []


@given(REFERENCES, st.data())
def test_one_wrong_digit_is_noticed(reference, data):
    place = data.draw(st.integers(2, 15))
    wrong = data.draw(st.sampled_from("0123456789").filter(lambda digit: digit != reference.text[place]))
    assert references.found_in([reference.text[:place] + wrong + reference.text[place + 1:]]) == []


@given(REFERENCES, st.integers(4, 14))
def test_two_swapped_digits_are_noticed(reference, place):
    text = reference.text
    swapped = text[:place] + text[place + 1] + text[place] + text[place + 2:]
    assert swapped == text or references.found_in([swapped]) == []


@given(st.text(max_size=200))
def test_any_text_can_be_searched(text):
    for found in references.found_in([text]):
        assert re.search("[Rr]", text) or found is None


def test_an_order_or_a_period_beyond_the_form_is_refused():
    for wrong in (Reference(0), Reference(1, 9999), Reference(10**8)):
        with pytest.raises(ValueError, match="too large"):
            _ = wrong.text
