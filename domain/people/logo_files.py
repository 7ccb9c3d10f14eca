"""Checks the files of logos, and writes them anew from what a picture needs: nothing else of a file is kept.

PNG and JPEG only: every mail program shows them. SVG could hold scripts; WebP is not shown by all.
Sources: https://www.w3.org/TR/png-3/ and ITU-T T.81, Annex B.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MOST_BYTES = 200 * 1024
LEAST_SIDE, MOST_SIDE, MOST_PIXELS = 16, 2000, 1_000_000
PNG = b"\x89PNG\r\n\x1a\n"
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}       # by type of colour
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
KEPT = (b"PLTE", b"tRNS", b"sRGB", b"gAMA")
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))     # Adam7
FILTERS = 5
TABLES = (0xC4, 0xDB, 0xDD)                      # of JPEG: DHT, DQT, DRI
FRAMES = (0xC0, 0xC1, 0xC2)                      # baseline, extended, progressive
MARKS = {0xE0: 16, 0xEE: 14}                     # JFIF and Adobe: how colours are meant, and their length
LEFT_OUT = (*range(0xE1, 0xEE), 0xEF, 0xFE)      # what programs note in pictures: places, times, colours, comments


class NoPicture(ValueError):
    """The file cannot be used, for the reason in the message."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was written anew."""

    mime_type: str
    width: int
    height: int
    body: bytes


def read(raw: bytes) -> Picture:
    """The picture in a file, known by its content and not by its name; raises NoPicture."""
    if len(raw) > MOST_BYTES:
        raise NoPicture(f"is larger than {MOST_BYTES // 1024} kB")
    try:
        if raw.startswith(PNG):
            return _png(raw)
        if raw.startswith(b"\xff\xd8\xff"):
            return _jpeg(raw)
    except (struct.error, IndexError, zlib.error):
        raise NoPicture("is damaged") from None
    raise NoPicture("must be a PNG or JPEG file")


def _check_size(width: int, height: int) -> None:
    if not (LEAST_SIDE <= width <= MOST_SIDE and LEAST_SIDE <= height <= MOST_SIDE):
        raise NoPicture(f"must have {LEAST_SIDE} to {MOST_SIDE} pixels on each side")
    if width * height > MOST_PIXELS:
        raise NoPicture("has more than a million pixels")


# PNG ------------------------------------------------------------------------------------------------


def _png(raw: bytes) -> Picture:
    chunks = list(_chunks(raw))
    names = [name for name, _ in chunks]
    if names[0] != b"IHDR" or names[-1] != b"IEND" or names.count(b"IHDR") > 1 or len(chunks[0][1]) != 13:
        raise NoPicture("is damaged")
    head = chunks[0][1]
    width, height, depth, colour, compression, filters, interlaced = struct.unpack(">IIBBBBB", head)
    _check_size(width, height)
    if depth not in DEPTHS.get(colour, ()) or compression or filters or interlaced > 1:
        raise NoPicture("is damaged")
    unknown = [name for name in names if name[:1].isupper() and name not in (b"IHDR", b"PLTE", b"IDAT", b"IEND")]
    if unknown or (colour == 3) > (b"PLTE" in names) or any(names.count(name) > 1 for name in KEPT):
        raise NoPicture("is damaged")
    rows = _rows(width, height, depth * SAMPLES[colour], is_interlaced=bool(interlaced))
    pixels = _pixels(b"".join(body for name, body in chunks if name == b"IDAT"), rows)
    kept = [(name, body) for name, body in chunks if name in KEPT]
    written = [(b"IHDR", head), *kept, (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b"")]
    return Picture("image/png", width, height, PNG + b"".join(_chunk(name, body) for name, body in written))


def _chunks(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and bodies up to the end of the picture; what follows it in the file is not read."""
    place = len(PNG)
    while place < len(raw):
        length, name = struct.unpack_from(">I4s", raw, place)
        body = raw[place + 8:place + 8 + length]
        (check,) = struct.unpack_from(">I", raw, place + 8 + length)
        if zlib.crc32(name + body) != check:
            raise NoPicture("is damaged")
        yield name, body
        if name == b"IEND":
            return
        place += 12 + length
    raise NoPicture("is damaged")


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _rows(width: int, height: int, bits: int, *, is_interlaced: bool) -> list[tuple[int, int]]:
    """How many rows there are of which length in bytes, with the byte that names their filter."""
    passes = PASSES if is_interlaced else ((0, 0, 1, 1),)
    sizes = [
        ((width - left + across - 1) // across, (height - top + down - 1) // down) for left, top, across, down in passes
    ]
    return [(down, 1 + (across * bits + 7) // 8) for across, down in sizes if across > 0 and down > 0]


def _pixels(packed: bytes, rows: list[tuple[int, int]]) -> bytes:
    """The unpacked rows, exactly as many as there must be."""
    size = sum(count * length for count, length in rows)
    unpacking = zlib.decompressobj()
    pixels = unpacking.decompress(packed, size + 1)
    if len(pixels) != size or not unpacking.eof:
        raise NoPicture("is damaged")
    place = 0
    for count, length in rows:
        if max(pixels[place:place + count * length:length]) >= FILTERS:
            raise NoPicture("is damaged")
        place += count * length
    return pixels


# JPEG -----------------------------------------------------------------------------------------------


def _jpeg(raw: bytes) -> Picture:
    """The segments that decoders need; notes of cameras and programs are left out."""
    written, place, size = [raw[:2]], 2, (0, 0)
    scans = 0
    while True:
        kind, body, place = _segment(raw, place)
        if kind == 0xD9:
            break
        if kind in FRAMES:
            size = _frame(body) if size == (0, 0) else (0, -1)
        elif kind == 0xDA:
            end = _end_of_scan(raw, place)
            body, place, scans = body + raw[place:end], end, scans + 1
        elif kind not in (*TABLES, *LEFT_OUT, *MARKS):
            raise NoPicture("is a kind of JPEG that not every program shows")
        if kind not in LEFT_OUT and len(body) == MARKS.get(kind, len(body)):
            written.append(bytes((0xFF, kind)) + body)
    if not scans or size[1] <= 0:
        raise NoPicture("is damaged")
    return Picture("image/jpeg", *size, b"".join(written) + b"\xff\xd9")


def _segment(raw: bytes, place: int) -> tuple[int, bytes, int]:
    """The kind of a segment, its body with its length, and where the next one begins."""
    if raw[place] != 0xFF:
        raise NoPicture("is damaged")
    while raw[place] == 0xFF:
        place += 1
    kind = raw[place]
    if kind == 0xD9:
        return kind, b"", place + 1
    (length,) = struct.unpack_from(">H", raw, place + 1)
    body = raw[place + 1:place + 1 + length]
    if length < 2 or len(body) != length:
        raise NoPicture("is damaged")
    return kind, body, place + 1 + length


def _frame(body: bytes) -> tuple[int, int]:
    """Width and height."""
    _, precision, height, width, components = struct.unpack_from(">HBHHB", body)
    if precision != 8 or components not in (1, 3):
        raise NoPicture("is a kind of JPEG that not every program shows")
    _check_size(width, height)
    return width, height


def _end_of_scan(raw: bytes, place: int) -> int:
    """Where the next segment begins; in between there are bytes of pixels, and marks to begin anew."""
    while True:
        place = raw.find(b"\xff", place)
        if place < 0 or place + 1 >= len(raw):
            raise NoPicture("is damaged")
        if raw[place + 1] != 0 and not 0xD0 <= raw[place + 1] <= 0xD7:
            return place
        place += 2
