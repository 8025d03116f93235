"""HEIC with place and camera blanked where they stand, so that nothing in it moves (ISO 14496-12, ISO 23008-12)."""

from collections.abc import Iterator

from customers.receipts.parts import MOST_PARTS, Broken, check_sides, number

BRANDS = {b"heic", b"heix", b"heim", b"heis"}
BESIDE = {b"Exif", b"mime", b"uri "}  # mime: XMP
# What draws: the index, what it points to, and of the index what says how. A moving picture beside the still one (mpvd, moov),
# XML, and what makers hang on tell of places, too.
DRAWN = {b"ftyp", b"meta", b"mdat"}
INDEX = {b"hdlr", b"pitm", b"iloc", b"iinf", b"iref", b"iprp", b"idat", b"dinf", b"grpl"}

# How a piece is found: counted from the file's start, or from the start of what lies in the index itself.
IN_FILE, IN_INDEX = 0, 1

Box = tuple[bytes, int, int]


def is_heic(data: bytes) -> bool:
    """Whether a file says that it is a still picture in HEVC."""
    if data[4:8] != b"ftyp":
        return False
    end = min(int.from_bytes(data[:4], "big"), 512)
    brands = [data[at : at + 4] for at in (8, *range(16, end, 4))]
    return not BRANDS.isdisjoint(brands)


def heic(data: bytes) -> bytes:
    """The same file, what it says besides its picture overwritten with zeros."""
    clean = bytearray(data)
    boxes = list(_boxes(data, 0, len(data)))
    metas = [(start, end) for name, start, end in boxes if name == b"meta"]
    if len(metas) != 1:
        raise Broken("no index")
    start, end = metas[0]
    within = list(_boxes(data, start + 4, end))
    inside = {name: (at, to) for name, at, to in within}
    hung_on = [box for box in boxes if box[0] not in DRAWN] + [box for box in within if box[0] not in INDEX]
    for _name, at, to in hung_on:
        clean[at:to] = bytes(to - at)
    if not {b"iinf", b"iloc", b"iprp"} <= set(inside):
        raise Broken("no index")
    _check_pictures(data, *inside[b"iprp"])
    beside = {item for item, kind in _items(data, *inside[b"iinf"]) if kind in BESIDE}
    idat, blanked = inside.get(b"idat", (0, 0))[0], 0
    places = list(_places(data, inside[b"iloc"][0], idat))
    drawn = [
        (at, at + length if length else len(data))
        for item, method, at, length in places
        if item not in beside and method == IN_FILE
    ]
    _blank_between(clean, [(at, to) for name, at, to in boxes if name == b"mdat"], sorted(drawn))
    for item, method, at, length in places:
        if item in beside:
            if method > IN_INDEX or not length:
                raise Broken("all of another item, or of the file")
            blanked += length
            # More than there is: pieces that lie on one another.
            if at + length > len(data) or blanked > len(data):
                raise Broken("cut off")
            clean[at : at + length] = bytes(length)
    return bytes(clean)


def _blank_between(clean: bytearray, contents: list[tuple[int, int]], kept: list[tuple[int, int]]) -> None:
    """Of the boxes of contents only what the index points to: frames of a moving picture lie between, and tell of places.

    Both in the order of the file, and gone through once: either may be thousands.
    """
    place = over = 0
    for start, end in contents:
        at = max(start, over)
        while place < len(kept) and kept[place][0] < end:
            if at < kept[place][0]:
                clean[at : kept[place][0]] = bytes(kept[place][0] - at)
            over = max(over, kept[place][1])
            at, place = max(at, over), place + 1
        if at < end:
            clean[at:end] = bytes(end - at)


def _boxes(data: bytes, at: int, end: int) -> Iterator[Box]:
    """Name, start and end of what each box holds."""
    left = MOST_PARTS
    while at < end:
        left -= 1
        if left < 0:
            raise Broken("too many parts")
        size, name, head = number(data, at, 4), data[at + 4 : at + 8], 8
        if size == 1:
            size, head = number(data, at + 8, 8), 16
        elif size == 0:
            size = end - at
        if size < head or at + size > end:
            raise Broken("cut off")
        yield name, at + head, at + size
        at += size


def _check_pictures(data: bytes, at: int, end: int) -> None:
    found = False
    for name, start, stop in _boxes(data, at, end):
        if name == b"ipco":
            for part, inside, _end in _boxes(data, start, stop):
                if part == b"ispe":
                    check_sides(number(data, inside + 4, 4), number(data, inside + 8, 4))
                    found = True
    if not found:
        raise Broken("no picture")


def _items(data: bytes, at: int, end: int) -> Iterator[tuple[int, bytes]]:
    """The number and kind of each item."""
    size = 2 if number(data, at, 1) == 0 else 4
    for name, start, _end in _boxes(data, at + 4 + size, end):
        version = number(data, start, 1)
        if name == b"infe" and version >= 2:
            wide = 2 if version == 2 else 4
            kind = start + 4 + wide + 2
            yield number(data, start + 4, wide), data[kind : kind + 4]
        elif name == b"infe":  # of before there were kinds: never a picture in HEVC
            yield number(data, start + 4, 2), b"mime"


def _places(data: bytes, at: int, idat: int) -> Iterator[tuple[int, int, int, int]]:
    """Number of each item, and how each piece of it is found, where, and how long it is.

    Within another item (neither `IN_FILE` nor `IN_INDEX`) nothing is found without reading that one.
    """
    version = number(data, at, 1)
    sizes = number(data, at + 4, 2)
    offset, length, base, index = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, sizes & 15 if version else 0
    wide = 4 if version == 2 else 2
    count, at = number(data, at + 6, wide), at + 6 + wide
    left = MOST_PARTS
    for _item in range(count):
        item, at = number(data, at, wide), at + wide
        method = IN_FILE
        if version:
            method, at = number(data, at, 2) & 15, at + 2
        at += 2
        start, at = number(data, at, base) + (idat if method == IN_INDEX else 0), at + base
        pieces, at = number(data, at, 2), at + 2
        left -= max(pieces, 1)
        if left < 0:
            raise Broken("too many pieces")
        for _piece in range(pieces):
            at += index
            yield item, method, start + number(data, at, offset), number(data, at + offset, length)
            at += offset + length
