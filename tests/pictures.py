"""Files of pictures, made here: none of them is anybody's."""

import struct
import zlib

PNG = b"\x89PNG\r\n\x1a\n"


def chunk(name, body, check=None):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body) if check is None
                                                                    else check)


def png(width=64, height=32, *, colour=2, depth=8, interlaced=0, rows=None, extra=(), end=b"", value=0x40):
    """A picture in one colour; `extra` are chunks before its pixels, `end` what follows it in the file."""
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    line = b"\x00" + bytes([value]) * ((width * bits + 7) // 8)
    pixels = rows if rows is not None else line * height
    palette = [chunk(b"PLTE", bytes(range(48)) * 16)] if colour == 3 else []
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    return b"".join([PNG, chunk(b"IHDR", head), *palette, *extra, chunk(b"IDAT", zlib.compress(pixels)),
                     chunk(b"IEND", b""), end])


def segment(kind, body):
    return bytes((0xFF, kind)) + struct.pack(">H", len(body) + 2) + body


def jpeg(width=64, height=32, *, extra=b"", frame=0xC0, components=3, scan=b"\x01\xff\x00\x02\xff\xd0\x03", end=b""):
    """The segments of a picture; its pixels are no picture, which nobody here decodes."""
    parts = b"".join(bytes((one, 0x11, 0)) for one in range(1, components + 1))
    return b"".join([
        b"\xff\xd8", segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"), extra,
        segment(0xDB, bytes(65)), segment(frame, struct.pack(">BHHB", 8, height, width, components) + parts),
        segment(0xC4, bytes(20)), segment(0xDA, bytes((components,)) + bytes(components * 2 + 3)), scan,
        b"\xff\xd9", end,
    ])
