"""What is taken as a receipt, and what of it is left behind."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.receipts import NotAReceipt, checked
from customers.receipts.heic import _blank_between
from customers.receipts.pictures import EXIF
from tests.factories import receipts as files

BESIDE = (b"Camera Inc", b"taken at home", b"<script>", b"hung on")


def test_a_jpeg_keeps_its_picture_its_colours_and_which_way_is_up():
    kept = checked(files.JPEG)
    assert kept.type == "image/jpeg"
    scan = files.JPEG[files.JPEG.index(b"\xff\xdb") :]
    assert kept.content.endswith(scan)
    assert kept.content[:4] == b"\xff\xd8\xff\xe0"
    beside = kept.content[: -len(scan)]
    assert beside.count(EXIF) == 1
    # One entry: orientation, 6.
    assert b"\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06" in beside


@pytest.mark.parametrize(
    "data",
    [
        files.JPEG,
        files.JPEG + b"<html><script>hung on</script>",
        files.JPEG[:20] + b"\xff\xfe\0\x0a<script>" + files.JPEG[20:],
        files.png(2, 2, (b"tEXt", b"Comment\0taken at home"), (b"eXIf", b"MM\0*Camera Inc")),
        files.png() + b"PK\x03\x04hung on",
        files.WEBP,
        files.WEBP + b"hung on",
        files.heic(),
        # A moving picture beside the still one, as some phones make them, tells of the place, too.
        files.heic(more=files.box(b"mpvd", b"ftypmp42 taken at home")),
        files.heic(more=files.box(b"moov", b"mvhd") + files.box(b"mdat", b"frames taken at home")),
        files.heic(more=files.box(b"mdat", b"frames taken at home"), is_derived=True),
        files.heic(more=files.box(b"uuid", bytes(16) + b"taken at home") + files.box(b"free", b"hung on")),
        files.heic(inside=files.box(b"xml ", bytes(4) + b"taken at home")),
        # Segments that only sometimes draw, with something else in them: a maker's, a little picture, what is no colour.
        files.jpeg_with(0xE0, b"CIFF taken at home"),
        files.jpeg_with(0xE0, b"JFXX\0\x10taken at home"),
        files.jpeg_with(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\x01\x05taken at home.."),
        files.jpeg_with(0xEE, b"Adobe\0\x64\0\0\0\0\0hung on"),
        files.jpeg_with(0xEE, b"<script>"),
    ],
)
def test_what_a_camera_or_somebody_wrote_beside_the_picture_is_gone(data):
    kept = checked(data).content
    assert not any(words in kept for words in BESIDE)
    assert kept != data
    assert checked(kept).content == kept


def test_a_heic_stays_as_long_as_it_was():
    assert len(checked(files.heic()).content) == len(files.heic())
    assert b"hevc" in checked(files.heic()).content


BOUND = st.integers(0, 60)
SPANS = st.lists(st.tuples(BOUND, BOUND).map(lambda ends: tuple(sorted(ends))), max_size=12).map(sorted)


@given(st.lists(BOUND, unique=True, max_size=12).map(sorted), SPANS)
def test_of_a_heic_s_contents_what_the_index_does_not_point_to_is_blank(ends, kept):
    contents = list(zip(ends[::2], ends[1::2], strict=False))
    clean = bytearray(b"x" * 60)
    _blank_between(clean, contents, kept)
    within = {at for start, end in contents for at in range(start, end)}
    drawn = {at for start, end in kept for at in range(start, end)}
    assert {at for at, value in enumerate(clean) if value == 0} == within - drawn


class Counted(list):
    """Pieces that count how often they are looked at."""

    looked_at = 0

    def __getitem__(self, place):
        Counted.looked_at += 1
        return super().__getitem__(place)


def test_thousands_of_contents_and_of_pieces_are_gone_through_once():
    contents = [(at, at + 1) for at in range(0, 4_000, 2)]
    pieces = Counted((at, at + 1) for at in range(1, 4_000, 2))
    _blank_between(bytearray(4_000), contents, pieces)
    assert Counted.looked_at <= 5 * (len(contents) + len(pieces))


def test_adobes_colours_stay():
    """Without them a reader takes the picture's colours for others."""
    colours = b"Adobe\0\x64\0\0\0\0\x01"
    assert b"\xff\xee\0\x0e" + colours in checked(files.jpeg_with(0xEE, colours)).content


@pytest.mark.parametrize("data", [files.heic(method=2), files.heic(exif=b"")], ids=["in another item", "no length"])
def test_a_heic_whose_camera_is_not_found_where_it_is_blanked_is_refused(data):
    with pytest.raises(NotAReceipt, match="damaged"):
        checked(data)


def test_a_pdf_is_taken_as_it_is():
    assert checked(files.PDF).content == files.PDF
    assert checked(files.PDF).type == "application/pdf"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"just text",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><script>alert(1)</script>",
        b"GIF89a" + bytes(50),
        b"MZ" + bytes(100),
        b"PK\x03\x04" + bytes(100),
        b"<html>%PDF-1.4 %%EOF",
        files.PDF[:20],
        b"RIFF\x10\0\0\0WAVEfmt ",
        b"\0\0\0\x18ftypisom\0\0\0\0mp42",
    ],
)
def test_nothing_else_is_taken(data):
    with pytest.raises(NotAReceipt, match="neither"):
        checked(data)


@pytest.mark.parametrize(
    "data",
    [
        files.JPEG[:-2],
        files.JPEG[:200],
        b"\xff\xd8\xff\xe0",
        b"\xff\xd8\xff<script>alert(1)</script>",
        files.png()[:-4],
        files.png()[:30],
        files.png().replace(b"IDAT", b"IDAX"),
        files.png(0, 2),
        files.WEBP[:-8],
        files.heic()[:120],
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    ],
)
def test_a_picture_that_is_not_whole_is_refused(data):
    with pytest.raises(NotAReceipt, match="damaged"):
        checked(data)


@pytest.mark.parametrize(
    "data", [files.png(60_000, 60_000), files.heic(30_000, 30_000), files.png(2**31 - 1, 2**31 - 1)]
)
def test_a_picture_that_would_fill_a_memory_is_refused_by_its_sides(data):
    assert len(data) < 1000
    with pytest.raises(NotAReceipt, match="100 million"):
        checked(data)


@pytest.mark.parametrize(
    "data",
    [files.heic_of_pieces(60_000, 65_535), files.heic_of_pieces(1, 9_000, 2_000), files.heic_of_pieces(20_000, 0)],
)
def test_an_index_made_to_keep_its_reader_busy_is_refused(data):
    assert len(data) < 500_000
    with pytest.raises(NotAReceipt, match="damaged"):
        checked(data)


MANY = 20_000


@pytest.mark.parametrize(
    "data",
    [
        files.JPEG[:2] + b"\xff\xfe\0\2" * MANY + files.JPEG[2:],
        files.JPEG[:-2] + b"\xff\xda\0\2" * MANY + files.JPEG[-2:],
        files.png(2, 2, *[(b"tEXt", b"")] * MANY),
        files.webp_of_parts(MANY),
    ],
    ids=["jpeg, comments", "jpeg, scans", "png", "webp"],
)
def test_a_picture_of_more_parts_than_any_camera_makes_is_refused(data):
    with pytest.raises(NotAReceipt, match="damaged"):
        checked(data)


@pytest.mark.parametrize(
    "data",
    [
        files.JPEG[:2] + b"\xff" * 1_000_000 + files.JPEG[2:],
        files.JPEG[:-2] + b"\xff\0" * 500_000 + files.JPEG[-2:],
        files.JPEG[:-2] + b"\xff" * 1_000_000 + files.JPEG[-2:],
    ],
    ids=["filled before a marker", "stuffed", "filled before the end"],
)
def test_what_fills_a_jpeg_is_passed_over_at_once(data):
    before = time.process_time()
    assert checked(data).type == "image/jpeg"
    assert time.process_time() - before < 0.1


@pytest.mark.parametrize("data", [files.JPEG, files.png(), files.WEBP, files.heic()])
def test_whatever_is_sent_there_is_an_answer(data):
    chance = random.Random(1)
    for _ in range(500):
        broken = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        try:
            kept = checked(bytes(broken[: chance.randint(1, len(broken))]) if chance.random() < 0.3 else bytes(broken))
        except NotAReceipt:
            continue
        assert len(kept.content) <= len(data) + 40
