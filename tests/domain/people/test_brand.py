"""Text on the pages that customers see is readable in any colour that a merchant chooses."""

import random
import re
from pathlib import Path

import pytest

from domain import inputs
from domain.errors import Invalid
from domain.people import brand
from domain.people.merchants import MerchantInput

ROOT = Path(__file__).resolve().parents[3]
DRAWN = random.Random(67)
COLOURS = ["#000000", "#ffffff", "#777777", "#808080", "#ffff00", "#40e0d0", "#ff00ff", brand.USUAL,
           *(f"#{DRAWN.randrange(1 << 24):06x}" for _ in range(1500))]


@pytest.mark.parametrize("dark", [False, True])
def test_every_colour_can_be_read(dark):
    grounds = brand.DARK if dark else brand.LIGHT
    for colour in COLOURS:
        made = brand.tokens(colour, dark=dark)
        pairs = [(made["--on-accent"], made["--accent"]), (made["--accent-text"], made["--accent-soft"])]
        pairs += [(made["--accent-text"], ground) for ground in grounds]
        assert min(brand.contrast(one, other) for one, other in pairs) >= brand.READABLE, (colour, made)


def test_the_button_keeps_the_colour_where_it_can_be_read():
    assert brand.tokens("#1f5f46", dark=False)["--accent"] == "#1f5f46"
    assert brand.contrast("#000000", "#ffffff") == 21


def test_the_sheet_says_the_dark_colours_for_the_system_and_for_a_choice():
    text = brand.tokens("#b4532a", dark=True)["--accent-text"]
    made = brand.sheet("#b4532a")
    assert made.count(f"--accent-text: {text};") == 2
    assert "url(" not in made


def test_the_grounds_are_those_of_the_stylesheet():
    text = (ROOT / "static/css/tokens.css").read_text()
    for name, values in (("surface", 0), ("bg", 1)):
        assert re.findall(rf"--{name}: (#\w+);", text) == [brand.LIGHT[values], brand.DARK[values]]


@pytest.mark.parametrize("wrong", ["red", "#fff", "#12345g", "#1234567", "url(x)", "#123456;"])
def test_a_merchants_colour_is_six_digits(wrong):
    with pytest.raises(Invalid):
        inputs.parse(MerchantInput, {"name": "Alder", "brand_colour": wrong})
    assert inputs.parse(MerchantInput, {"name": "Alder", "brand_colour": "#1F5F46"}).brand_colour == "#1f5f46"
