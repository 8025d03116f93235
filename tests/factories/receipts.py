"""Files of receipts for tests: each with a place, a camera or a comment in it that must not stay."""

import base64
import random
import struct
import zlib

# 2 x 2 pixels, made by a camera of "Camera Inc" at 51° 30' N, the top at the right; a comment.
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/4QB8RXhpZgAATU0AKgAAAAgAAwEPAAIAAAALAAAAMgESAAMAAAABAAYAAIglAAQAAAABAAAAPgAAAABDYW1lcmEg"
    "SW5jAAAAAgABAAIAAAACTgAAAAACAAUAAAADAAAAXAAAAAAAAAAzAAAAAQAAAB4AAAABAAAAAAAAAAH//gAPdGFrZW4gYXQgaG9tZf/bAEMAUDc8Rjwy"
    "UEZBRlpVUF94yIJ4bm549a+5kcj////////////////////////////////////////////////////AAAsIAAIAAgEBEQD/xAAUAAEAAAAAAAAAAAAA"
    "AAAAAAAD/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQAAPwA3/9k="
)
WEBP = base64.b64decode(
    "UklGRrIAAABXRUJQVlA4WAoAAAAIAAAAAQAAAQAAVlA4IBgAAAAwAQCdASoCAAIAB0CWJaQAA3AA/t9WAABFWElGdAAAAE1NACoAAAAIAAMBDwACAAAA"
    "CwAAADIBEgADAAAAAQAGAACIJQAEAAAAAQAAAD4AAAAAQ2FtZXJhIEluYwAAAAIAAQACAAAAAk4AAAAAAgAFAAAAAwAAAFwAAAAAAAAAMwAAAAEAAAAe"
    "AAAAAQAAAAAAAAAB"
)
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


def jpeg_with(marker: int, body: bytes) -> bytes:
    """JPEG, and before its picture another segment."""
    return JPEG[:20] + bytes([0xFF, marker]) + struct.pack(">H", 2 + len(body)) + body + JPEG[20:]


def png(width: int = 2, height: int = 2, *more: tuple[bytes, bytes], noise: random.Random | None = None) -> bytes:
    """A grey picture, or noise; `more` chunks stand before it. One that says it is large has few rows: a bomb made cheaply."""
    rows, width_of_rows = (height, width) if width * height < 10_000_000 else (8, 8)
    lines = (b"\0" + (noise.randbytes(width) if noise else bytes(width_of_rows)) for _row in range(rows))
    head = (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    chunks = [head, *more, (b"IDAT", zlib.compress(b"".join(lines))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def webp_of_parts(parts: int) -> bytes:
    """WEBP, and before its picture so many parts that nobody knows."""
    body = b"WEBP" + b"LONG\0\0\0\0" * parts + WEBP[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


def heic(
    width: int = 4032,
    height: int = 3024,
    exif: bytes = b"\0\0\0\x06Exif\0\0MM\0*Camera Inc",
    *,
    more: bytes = b"",
    inside: bytes = b"",
    method: int = 0,
    is_derived: bool = False,
) -> bytes:
    """A file as phones make them: an index, a picture (which nobody decodes here), and what the camera says.

    `more` boxes stand behind, others `inside` the index; `method`: how what the camera says is found (ISO 14496-12, 8.11.3);
    `is_derived`: with an item that is made of another one, all of it.
    """
    ftyp = _box(b"ftyp", b"heic" + bytes(4) + b"mif1heic")
    picture = b"\x26\x01hevc"

    def meta(at: int) -> bytes:
        names = [(1, b"hvc1"), (2, b"Exif")]
        if is_derived:
            names.append((3, b"grid"))
        entries = b"".join(_full(b"infe", 2, struct.pack(">HH", item, 0) + kind + b"\0") for item, kind in names)
        places = [(1, 0, at, len(picture)), (2, method, at + len(picture), len(exif))]
        if is_derived:
            places.append((3, 2, 0, 0))
        located = b"".join(struct.pack(">HHHHII", item, how, 0, 1, *place) for item, how, *place in places)
        return _index(
            entries, _full(b"iloc", 1, b"\x44\x00" + struct.pack(">H", len(names)) + located) + inside, width, height
        )

    at = len(ftyp) + len(meta(0)) + 8
    return ftyp + meta(at) + _box(b"mdat", picture + exif) + more


def box(name: bytes, body: bytes) -> bytes:
    """A part of a HEIC."""
    return _box(name, body)


def heic_of_pieces(items: int, pieces: int, length: int = 0) -> bytes:
    """A file whose index says that what the camera says lies in so many pieces, all at the file's beginning, each so long; one without
    a length takes no room in the index either."""
    size, piece = (b"\x04\x00", struct.pack(">I", length)) if length else (b"\x00\x00", b"")
    located = struct.pack(">HHHH", 2, 0, 0, pieces) + piece * pieces
    iloc = _full(b"iloc", 1, size + struct.pack(">H", items) + located * items)
    entries = _full(b"infe", 2, struct.pack(">HH", 2, 0) + b"Exif\0") * 2
    return _box(b"ftyp", b"heic" + bytes(4) + b"mif1heic") + _index(entries, iloc, 2, 2)


def _index(entries: bytes, iloc: bytes, width: int, height: int) -> bytes:
    parts = [
        _full(b"hdlr", 0, bytes(4) + b"pict" + bytes(13)),
        _full(b"iinf", 0, struct.pack(">H", 2) + entries),
        iloc,
        _box(b"iprp", _box(b"ipco", _full(b"ispe", 0, struct.pack(">II", width, height)))),
    ]
    return _full(b"meta", 0, b"".join(parts))


def _box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + name + body


def _full(name: bytes, version: int, body: bytes) -> bytes:
    return _box(name, bytes([version, 0, 0, 0]) + body)
