"""Files of logos are known by their content, written anew without anything else, and refused where damaged."""

import random
import struct
import zlib

import pytest

from domain.people.logo_files import MOST_BYTES, NoPicture, read
from tests.pictures import PNG, chunk, jpeg, png, segment

SECRET = b"taken at 52.5N 13.4E <script>alert(1)</script>"


def adam7(width, height, line):
    """The rows of an interlaced picture of one byte a pixel."""
    rows = b""
    for left, top, across, down in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
                                    (0, 1, 1, 2)):
        columns, lines = len(range(left, width, across)), len(range(top, height, down))
        rows += (b"\x00" + line * columns) * lines if columns else b""
    return rows


@pytest.mark.parametrize("raw", [
    *(png(colour=colour, depth=depth) for colour, depth in ((0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16),
                                                            (3, 1), (3, 2), (3, 4), (3, 8), (4, 8), (4, 16), (6, 8),
                                                            (6, 16))),
    png(16, 16), png(1000, 1000, colour=0), png(2000, 500, colour=0, depth=1),
    *(png(width, height, colour=0, interlaced=1, rows=adam7(width, height, b"\x07")) for width, height in
      ((16, 16), (17, 19), (33, 21), (64, 32))),
])
def test_every_kind_of_png_is_taken_and_read_again_unchanged(raw):
    picture = read(raw)
    assert picture.mime_type == "image/png"
    assert (picture.width, picture.height) == struct.unpack(">II", raw[16:24])
    assert read(picture.body) == picture


@pytest.mark.parametrize("raw", [jpeg(), jpeg(frame=0xC1), jpeg(frame=0xC2), jpeg(components=1), jpeg(16, 2000)])
def test_every_kind_of_jpeg_is_taken_and_read_again_unchanged(raw):
    picture = read(raw)
    assert picture.mime_type == "image/jpeg"
    assert read(picture.body) == picture


def test_the_size_of_a_jpeg_is_read():
    picture = read(jpeg(300, 200))
    assert (picture.width, picture.height) == (300, 200)


@pytest.mark.parametrize("raw", [
    png(extra=[chunk(b"tEXt", SECRET), chunk(b"eXIf", SECRET), chunk(b"iTXt", SECRET), chunk(b"zzZz", SECRET)]),
    png(end=SECRET), png(end=b"PK\x03\x04" + SECRET), png(rows=(b"\x00" + b"\x40" * 192) * 32),
    jpeg(extra=segment(0xE1, b"Exif\x00\x00" + SECRET) + segment(0xFE, SECRET) + segment(0xED, SECRET)
         + segment(0xE2, b"ICC_PROFILE\x00" + SECRET) + segment(0xE0, b"JFXX" + SECRET) + segment(0xEE, SECRET)),
    jpeg(end=SECRET),
])
def test_nothing_but_the_picture_is_kept(raw):
    assert b"alert" not in read(raw).body
    assert b"13.4E" not in read(raw).body


def test_what_follows_the_pixels_in_their_stream_is_not_kept():
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 32, 8, 2, 0, 0, 0))
    packed = zlib.compress((b"\x00" + b"\x40" * 192) * 32) + SECRET
    raw = PNG + head + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    assert b"alert" not in read(raw).body


@pytest.mark.parametrize("raw", [
    b"", b"GIF89a" + bytes(100), b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<?xml version='1.0'?><svg/>",
    b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(100), b"%PDF-1.7", b"\xff\xd8", PNG[:7], b" " + png(),
])
def test_other_kinds_of_files_are_refused(raw):
    with pytest.raises(NoPicture, match="must be a PNG or JPEG file"):
        read(raw)


@pytest.mark.parametrize("raw", [
    png(15, 40), png(40, 15), png(2001, 20, colour=0, depth=1), png(20, 2001, colour=0, depth=1),
    png(1001, 1000, colour=0, depth=1), jpeg(15, 40), jpeg(2001, 20), jpeg(1500, 1500),
])
def test_too_small_and_too_large_pictures_are_refused(raw):
    with pytest.raises(NoPicture, match="pixels"):
        read(raw)


def test_a_file_that_is_too_large_is_refused_before_it_is_read():
    noise = random.Random(1).randbytes(MOST_BYTES)
    with pytest.raises(NoPicture, match="larger than 200 kB"):
        read(png(end=noise))


def bomb():
    """A picture that says it is small and unpacks to gigabytes."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1024 * 1024)) for _ in range(100)) + packer.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 32, 8, 2, 0, 0, 0))
    return PNG + head + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.mark.parametrize("raw", [
    png()[:-1], png()[:-12], png()[:60], png()[:20], png().replace(b"IHDR", b"IHDX"), bomb(),
    PNG + chunk(b"IDAT", b"") + png()[8:], png(extra=[chunk(b"ABCD", b"")]), png(extra=[chunk(b"tEXt", b"a", check=7)]),
    png(rows=b"\x00" * 10), png(rows=(b"\x00" + b"\x40" * 192) * 33), png(rows=(b"\x09" + b"\x40" * 192) * 32),
    png(colour=2, depth=8, rows=b""), PNG + png()[8:33] + png()[8:], jpeg()[:-2], jpeg()[:40],
    b"\xff\xd8\xff\xd9", jpeg(extra=b"nothing"),
    jpeg(extra=segment(0xC0, struct.pack(">BHHB", 8, 32, 64, 3) + bytes(9))),
])
def test_damaged_files_are_refused(raw):
    with pytest.raises(NoPicture):
        read(raw)


@pytest.mark.parametrize("raw", [
    jpeg(components=4), jpeg(frame=0xC3), jpeg(frame=0xC9), jpeg(extra=segment(0xDE, bytes(4))),
])
def test_kinds_of_jpeg_that_browsers_show_differently_are_refused(raw):
    with pytest.raises(NoPicture, match="not every program"):
        read(raw)


@pytest.mark.parametrize("whole", [png(40, 20, extra=[chunk(b"tEXt", b"note")]), jpeg(extra=segment(0xE1, b"note"))])
def test_whatever_byte_is_changed_or_missing_the_file_is_read_or_refused(whole):
    chance = random.Random(7)
    for _ in range(1500):
        raw = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        cut = bytes(raw[:chance.randrange(len(raw))]) if chance.random() < 0.3 else bytes(raw)
        try:
            picture = read(cut)
        except NoPicture:
            continue
        assert read(picture.body) == picture
