"""JPEG, PNG and WebP rebuilt from the parts that draw the picture; everything else a file holds is left behind."""

import re
import zlib

from customers.receipts.parts import MOST_PARTS, Broken, check_sides, number

EXIF = b"Exif\0\0"
ICC = b"ICC_PROFILE\0"
# Of JFIF its version and density, without the little picture that may stand there too; of Adobe's segment all it has.
JFIF, JFIF_SIZE = b"JFIF\0", 12
ADOBE, ADOBE_SIZE = b"Adobe", 12

# Start of frame: all of C0 to CF but tables (C4), reserved (C8) and arithmetic conditions (CC).
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# What draws: frames, scans (DA), tables (C4, CC, DB), restart interval (DD), lines (DC).
DRAWN = FRAMES | {0xC4, 0xCC, 0xDA, 0xDB, 0xDC, 0xDD}
ORIENTATION = 0x0112
# A marker may have any number of FF before it. A scan ends at the first one that is neither a stuffed byte (00) nor a restart.
FILL = re.compile(rb"\xff*(?=\xff)")
END_OF_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)

PNG = b"\x89PNG\r\n\x1a\n"
PNG_DRAWN = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"sRGB", b"cHRM", b"sBIT", b"bKGD", b"pHYs"}

WEBP_DRAWN = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP"}
# Of VP8X: animation, XMP and Exif are said to be there.
WEBP_LEFT_OUT = 0b0000_1110


def jpeg(data: bytes) -> bytes:
    """A JPEG of the same picture, with its colours and which way is up; what follows its end is cut off (ITU T.81, Annex B)."""
    kept, at, turned, drawn = [b"\xff\xd8"], 2, 1, False
    for _part in range(MOST_PARTS):
        filled = FILL.match(data, at)
        if filled is None:
            raise Broken("no marker")
        at = filled.end()
        marker = number(data, at + 1, 1)
        if marker == 0xD9:
            break
        length = number(data, at + 2, 2)
        end = at + 2 + length
        if length < 2 or end > len(data):
            raise Broken("cut off")
        body = data[at + 4 : end]
        if marker in FRAMES:
            check_sides(number(body, 3, 2), number(body, 1, 2))
            drawn = True
        elif marker == 0xE1 and body.startswith(EXIF):
            turned = _orientation(body[len(EXIF) :])
        elif marker == 0xDA:
            end = _end_of_scan(data, end)
        if marker in DRAWN or (marker == 0xE2 and body.startswith(ICC)):
            kept.append(data[at:end])
        elif short := _shortened(marker, body):
            kept.append(short)
        at = end
    else:
        raise Broken("too many parts")
    if not drawn:
        raise Broken("no picture")
    if turned != 1:
        # JFIF asks to stand first where it is there; readers take Exif on either side of it.
        kept.insert(2 if len(kept) > 1 and kept[1][:2] == b"\xff\xe0" else 1, _turned(turned))
    return b"".join([*kept, b"\xff\xd9"])


def _shortened(marker: int, body: bytes) -> bytes:
    """Of JFIF (E0) and Adobe's segment (EE) what a reader needs; nothing of others that stand under these markers."""
    if marker == 0xE0 and body.startswith(JFIF) and len(body) >= JFIF_SIZE:
        return _segment(marker, body[:JFIF_SIZE] + b"\0\0")
    if marker == 0xEE and body.startswith(ADOBE) and len(body) >= ADOBE_SIZE:
        return _segment(marker, body[:ADOBE_SIZE])
    return b""


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (2 + len(body)).to_bytes(2, "big") + body


def _end_of_scan(data: bytes, at: int) -> int:
    """Where the coded picture stops."""
    found = END_OF_SCAN.search(data, at)
    if found is None:
        raise Broken("cut off")
    return found.start()


def _orientation(tiff: bytes) -> int:
    """Which way is up, 1 to 8; 1 where a camera says nothing, or nonsense."""
    order = {b"II": "little", b"MM": "big"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        first = number(tiff, 4, 4, order)
        for entry in range(number(tiff, first, 2, order)):
            at = first + 2 + 12 * entry
            if number(tiff, at, 2, order) == ORIENTATION:
                value = number(tiff, at + 8, 2, order)
                return value if 1 <= value <= 8 else 1
    except Broken:
        pass
    return 1


def _turned(value: int) -> bytes:
    """An Exif segment that says which way is up, and nothing else."""
    tiff = b"MM\0*\0\0\0\x08\0\x01" + ORIENTATION.to_bytes(2, "big") + b"\0\x03\0\0\0\x01\0" + bytes([value]) + bytes(6)
    return _segment(0xE1, EXIF + tiff)


def png(data: bytes) -> bytes:
    """A PNG of the same picture without text, time and Exif; what follows its end is cut off (ISO 15948, section 5)."""
    kept, at, drawn = [PNG], len(PNG), False
    for _part in range(MOST_PARTS):
        length, name = number(data, at, 4), data[at + 4 : at + 8]
        end = at + 12 + length
        if zlib.crc32(data[at + 4 : at + 8 + length]) != number(data, end - 4, 4):
            raise Broken("damaged")
        if len(kept) == 1:
            if name != b"IHDR":
                raise Broken("no header")
            check_sides(number(data, at + 8, 4), number(data, at + 12, 4))
        if name in PNG_DRAWN:
            kept.append(data[at:end])
        drawn = drawn or name == b"IDAT"
        if name == b"IEND":
            break
        at = end
    else:
        raise Broken("too many parts")
    if not drawn:
        raise Broken("no picture")
    return b"".join(kept)


def webp(data: bytes) -> bytes:
    """A WebP of the same picture without Exif and XMP; what follows its end is cut off (RFC 9649)."""
    kept, at, end, drawn = [b"WEBP"], 12, 8 + number(data, 4, 4, "little"), False
    if end > len(data):
        raise Broken("cut off")
    for _part in range(MOST_PARTS):
        if at >= end:
            break
        name, length = data[at : at + 4], number(data, at + 4, 4, "little")
        body = data[at + 8 : at + 8 + length]
        if len(body) < length:
            raise Broken("cut off")
        if name == b"VP8X":
            check_sides(1 + number(body, 4, 3, "little"), 1 + number(body, 7, 3, "little"))
            body = bytes([body[0] & ~WEBP_LEFT_OUT]) + body[1:]
        elif name in (b"VP8 ", b"VP8L"):
            check_sides(*_webp_sides(name, body))
            drawn = True
        if name in WEBP_DRAWN:
            kept.append(name + length.to_bytes(4, "little") + body + bytes(length % 2))
        at += 8 + length + length % 2
    else:
        raise Broken("too many parts")
    if not drawn:
        raise Broken("no picture")
    body = b"".join(kept)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _webp_sides(name: bytes, body: bytes) -> tuple[int, int]:
    if name == b"VP8 ":
        return number(body, 6, 2, "little") & 0x3FFF, number(body, 8, 2, "little") & 0x3FFF
    bits = number(body, 1, 4, "little")
    return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
