"""What the readers of picture files share."""

# A phone takes 12 to 50 million pixels. What says it is larger was made to fill the memory of whoever opens it.
MOST_PIXELS = 100_000_000
# A photo has some hundreds of parts, and a phone cuts a HEIC into some fifty tiles of one piece each. A file, or an index, of far
# more was made to keep its reader busy.
MOST_PARTS = 10_000


class Broken(ValueError):
    """The file is not what its first bytes say: cut off, or put together by hand."""


class TooLarge(ValueError):
    """The picture would be larger than any receipt."""


def check_sides(width: int, height: int) -> None:
    """Refuse a picture without sides, or with more than MOST_PIXELS."""
    if width < 1 or height < 1:
        raise Broken("no sides")
    if width * height > MOST_PIXELS:
        raise TooLarge


def number(data: bytes, at: int, size: int, order: str = "big") -> int:
    """The unsigned number of `size` bytes at a place; Broken where the file ends before."""
    if at < 0 or at + size > len(data):
        raise Broken("cut off")
    return int.from_bytes(data[at : at + size], order)  # type: ignore[arg-type]
