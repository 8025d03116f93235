"""Who imported a file is told how it ended: counts, and a link to the report."""

import datetime as dt

import pytest

from customers.import_mails import post_import_ended
from customers.models import Import
from territory.mail.choices import choose
from territory.mail.sending import deliver_waiting

NOW = dt.datetime(2026, 6, 9, 10, 0, tzinfo=dt.UTC)


@pytest.fixture
def ended(cast):
    return Import.objects.create(
        author=cast.admin,
        kind="customers",
        file_name="old.csv",
        state="done",
        created=9,
        rejected=1,
        created_at=NOW,
        finished_at=NOW,
    )


def test_an_import_that_ended_is_told_to_its_author_once(ended, cast, mailoutbox):
    for _ in range(2):
        post_import_ended(ended, now=NOW)
        deliver_waiting()

    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == ([cast.admin.email], "Import finished: old.csv")
    assert "9 new, 0 changed, 0 unchanged, 1 rejected." in mail.body
    assert f"http://localhost:8000/imports/{ended.pk}/" in mail.body


def test_one_that_stopped_says_why(ended, mailoutbox):
    Import.objects.update(state="failed", problem="The file was removed. Upload it again.")
    post_import_ended(ended, now=NOW)
    deliver_waiting()

    assert mailoutbox[0].subject == "Import stopped: old.csv"
    assert "The file was removed." in mailoutbox[0].body


def test_who_wants_no_such_mail_gets_none(ended, cast, mailoutbox):
    choose(actor=cast.admin, now=NOW, version=1, chosen={"import_finished": "never"})
    post_import_ended(ended, now=NOW)
    deliver_waiting()

    assert mailoutbox == []
