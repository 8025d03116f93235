"""Is it a receipt: a photo or a PDF, told by its content. The name of a file and what the sender calls it are not asked."""

import hashlib
from functools import cached_property

from django.utils.translation import gettext as _
from msgspec import Struct

from customers.receipts import heic, pictures
from customers.receipts.parts import Broken, TooLarge

JPEG, PNG, WEBP, HEIC, PDF = "image/jpeg", "image/png", "image/webp", "image/heic", "application/pdf"

# How a download is called.
ENDINGS = {JPEG: "jpg", PNG: "png", WEBP: "webp", HEIC: "heic", PDF: "pdf"}
# What browsers show as a picture; the others are handed out as files.
SHOWN = {JPEG, PNG, WEBP}

CLEANED = {JPEG: pictures.jpeg, PNG: pictures.png, WEBP: pictures.webp, HEIC: heic.heic}


class NotAReceipt(ValueError):
    """Why a file is not taken, in a sentence for who sent it."""


class ReceiptFile(Struct, frozen=True, dict=True):
    """A photo or PDF that may be stored."""

    type: str
    content: bytes

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content, in hex."""
        return hashlib.sha256(self.content).hexdigest()


def checked(data: bytes) -> ReceiptFile:
    """The file as it may be stored: of a photo the picture alone. Raises NotAReceipt."""
    kind = _kind(data)
    if kind is None:
        raise NotAReceipt(_("A receipt is a photo (JPEG, PNG, WebP or HEIC) or a PDF; this file is neither."))
    if kind == PDF:
        return ReceiptFile(PDF, data)
    try:
        return ReceiptFile(kind, CLEANED[kind](data))
    except TooLarge:
        raise NotAReceipt(_("This picture has more than 100 million pixels. Take it smaller.")) from None
    except Broken:
        raise NotAReceipt(_("This picture is damaged, or was cut off on the way. Take it again.")) from None


def _kind(data: bytes) -> str | None:
    """What it is by its first bytes; of a PDF also by its last, so that one that was cut off is told."""
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(pictures.PNG):
        return PNG
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return WEBP
    if heic.is_heic(data):
        return HEIC
    if data.startswith(b"%PDF-") and b"%%EOF" in data[-2048:]:
        return PDF
    return None
