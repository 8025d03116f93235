"""Static files as they are served."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage

from territory.statics import Uncommented, without_comments

STATIC = Path(settings.BASE_DIR) / "static"
FILES = sorted(f for folder in ("css", "js") for f in (STATIC / folder).iterdir())


def test_our_own_styles_and_scripts_are_served_without_comments():
    assert without_comments("css/a.css", b"/* Who\n reads. */\n.a { b: c; } /* why */\n") == b".a { b: c; } "
    assert without_comments("js/a.js", b"// Why.\nlet a = 1;\n  // And why.\nlet b;\n") == b"let a = 1;\nlet b;\n"


def test_what_is_no_line_of_a_comment_stays():
    kept = b'const a = "https://example.org//"; // why\nconst b = `\n${a}`;\n'
    assert without_comments("js/a.js", kept) == kept
    licensed = b"/* MIT */\n// more\n"
    assert without_comments("vendor/a.css", licensed) == without_comments("admin/js/a.js", licensed) == licensed


@pytest.mark.parametrize("file", FILES, ids=[f.name for f in FILES])
def test_what_is_served_is_the_source_but_for_comments(file):
    """Nothing but comments goes: no text over several lines has one that reads like a comment."""
    name = f"{file.parent.name}/{file.name}"
    served = Uncommented(FileSystemStorage(STATIC), name).open(name).read()
    source = file.read_bytes()
    assert served
    assert len(source) >= len(served)
    assert source.count(b"{") - source.count(b"}") == served.count(b"{") - served.count(b"}") == 0
    assert set(served.split()) <= set(source.split())
