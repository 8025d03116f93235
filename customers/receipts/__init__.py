"""Receipts: what a file is by its content, and the same file without what a camera wrote beside the picture.

pictures:   JPEG, PNG, WebP: rebuilt from the parts that draw them, so that place, camera, comments and whatever was hung on are gone.
heic:       the same for HEIC, whose parts stand where an index says: there they are blanked.
No picture is ever decoded here; one whose sides say that it would fill a memory is refused by its header.
"""

from customers.receipts.checking import ENDINGS, SHOWN, NotAReceipt, ReceiptFile, checked

__all__ = ["ENDINGS", "SHOWN", "NotAReceipt", "ReceiptFile", "checked"]
