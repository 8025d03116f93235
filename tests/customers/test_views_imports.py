"""The pages of an import: upload, map, words, check, store, report; and who sees whose."""

import csv
import io
import json

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Team
from customers.imports import jobs
from customers.imports.kinds import KINDS
from customers.imports.words import on_page
from customers.models import Contact, Customer, Import, ImportState, Order, SavedMapping
from tests import factories
from tests.accounts.signing_in import client_of
from tests.customers.imports.workbooks import workbook
from tests.factories.imports import rejected_rows

CUSTOMERS = "Company;Sales team;Customer since\nAcme;Exeter;03.04.2021\nBeta;Moon;23.04.2021\nGamma;Exeter;oops\n"


@pytest.fixture
def admin(cast):
    return client_of(cast.admin)


def file(text, name="old.csv"):
    return SimpleUploadedFile(name, text if isinstance(text, bytes) else text.encode())


def upload(client, text, kind="customers", **more):
    """Uploads a file; returns its import."""
    response = client.post(reverse("import_create"), {"kind": kind, "file": file(text), **more})
    assert response.status_code == 302, response.context["form"].errors
    return Import.objects.latest("pk")


def typed(client, row, **changes):
    """What the mapping's form holds, with changes."""
    form = client.get(reverse("import_mapping", args=[row.pk])).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in (values | changes).items() if value not in (None, False)}


def mapped(client, row, **changes):
    response = client.post(reverse("import_mapping", args=[row.pk]), typed(client, row, **changes))
    row.refresh_from_db()
    return response


def stored(client, row):
    """Has it stored; the worker's part is done here."""
    client.post(reverse("import_run", args=[row.pk]))
    while jobs.go_on(row.pk):
        pass
    row.refresh_from_db()
    return row


def test_columns_and_the_way_the_file_is_written_are_recognised(admin):
    row = upload(admin, CUSTOMERS.encode("cp1252"))
    assert row.mapping == {
        "kind": "customers",
        "encoding": "utf-8",
        "delimiter": ";",
        "dates": "DD.MM.YYYY",
        "fields": {"since": "Customer since", "name": "Company", "team": "Sales team"},
    }
    page = admin.get(reverse("import_mapping", args=[row.pk])).content.decode()
    assert "Which column is what" in page


def test_a_date_that_reads_one_way_only_is_suggested_and_any_other_must_be_chosen(admin):
    row = upload(admin, CUSTOMERS.replace("oops", "1.234,50"))
    assert (row.mapping["dates"], row.mapping["numbers"]) == ("DD.MM.YYYY", "1.234,56")
    row = upload(admin, "Company,Team,Since\nAcme,Exeter,03/04/2021\n")
    assert "dates" not in row.mapping
    assert mapped(admin, row).status_code == 302
    assert "can be read in more than one way" in row.problem
    page = admin.get(reverse("import_mapping", args=[row.pk])).content.decode()
    assert "can be read in more than one way. Choose “Days and times” in the mapping" in page
    mapped(admin, row, dates="MM/DD/YYYY")
    assert row.state == "checked"


@pytest.mark.parametrize(
    ("problem", "shown"),
    [
        ("fields.since.dates: is not a format.", "Since, days and times: is not a format."),
        ("fields.name: The file has no column “nam”.", "Name: The file has no column “nam”."),
        ("fields.starts_on.constant: “x” is no day.", "From, the same for all: “x” is no day."),
        (
            "fields: the mapping must name external_id or name.",
            "Columns: the mapping must name “External id” or “Name”.",
        ),
        ("time_zone: “Mars” is not a time zone.", "Time zone: “Mars” is not a time zone."),
        ("blank[2]: must be a text.", "Words for blank: must be a text."),
        ("is not a number; choose “numbers” in the mapping", "is not a number; choose “Numbers” in the mapping"),
        ("Row 3, column “dates”: “x” cannot be read.", "Row 3, column “dates”: “x” cannot be read."),
    ],
)
def test_errors_name_what_the_page_calls_it(problem, shown):
    assert on_page(problem) == shown


def test_fields_without_a_column_are_folded_once_every_column_has_its_field(admin):
    for text, is_open in ((CUSTOMERS, False), (CUSTOMERS.replace("\n", ";odd\n"), True)):
        row = upload(admin, text)
        first, rest = admin.get(reverse("import_mapping", args=[row.pk])).context["form"].tables()
        assert {field["label"] for field in first["rows"]} == {"Name", "Team", "Since"}
        assert (rest["folds"], rest["open"]) == (True, is_open)


def test_the_preview_marks_what_is_wrong_by_row_and_column(admin):
    row = upload(admin, CUSTOMERS)
    mapped(admin, row, dates="DD.MM.YYYY")
    page = admin.get(reverse("import_values", args=[row.pk]))
    assert [text for group in page.context["form"].groups() for text, _field in group["rows"]] == ["Moon"]
    admin.post(reverse("import_values", args=[row.pk]), {"version": row.version})
    page = admin.get(reverse("import_detail", args=[row.pk]))
    row.refresh_from_db()
    assert (row.created, row.rejected, Customer.objects.filter(name="Acme").exists()) == (1, 2, False)
    wrong = [
        (line["number"], cell["text"])
        for line in page.context["sample"]["rows"]
        for cell in line["cells"]
        if cell["wrong"]
    ]
    assert wrong == [(3, "Moon"), (4, "oops")]
    assert "is not written as DD.MM.YYYY" in page.content.decode()


def test_words_of_the_file_are_translated(admin):
    row = upload(admin, "Order no,Customer,Deal stage,Amount\nO1,Own customer,Open deal,10\n", "orders")
    fields = {"from_external_id": "c:Order no", "from_status": "c:Deal stage"}
    assert mapped(admin, row, **fields).url == reverse("import_values", args=[row.pk])
    admin.post(reverse("import_values", args=[row.pk]), {"version": row.version, "status-0": "pending"})
    row.refresh_from_db()
    assert row.mapping["fields"]["status"] == {"column": "Deal stage", "values": {"Open deal": "pending"}}
    stored(admin, row)
    assert Order.objects.get().external_id == "O1"


def test_rejected_rows_are_downloaded_mended_and_imported_again(admin, cast):
    row = upload(admin, CUSTOMERS)
    mapped(admin, row, dates="DD.MM.YYYY")
    admin.post(reverse("import_values", args=[row.pk]), {"version": row.version})
    stored(admin, row)
    assert (row.state, row.created, row.rejected) == ("done", 1, 2)
    response = admin.get(reverse("import_rejected", args=[row.pk]))
    assert (response["Content-Disposition"], response["X-Content-Type-Options"]) == (
        f'attachment; filename="rejected-customers-{row.pk}.csv"',
        "nosniff",
    )
    text = b"".join(response).decode("utf-8-sig")
    assert text.splitlines() == [
        "Company;Sales team;Customer since;Why it was not imported",
        "Beta;Moon;23.04.2021;Sales team: no team with this external id / name",
        "Gamma;Exeter;oops;Customer since: is not written as DD.MM.YYYY",
    ]
    mended = text.replace("Moon", "Exeter").replace("oops", "01.05.2021")
    again = reverse("import_again", args=[row.pk])
    assert admin.get(again).status_code == 200
    response = admin.post(again, {"file": file(mended)})
    second = Import.objects.latest("pk")
    assert response.url == reverse("import_detail", args=[second.pk])
    assert (stored(admin, second).created, second.rejected) == (2, 0)


def test_every_cell_that_is_wrong_in_a_row_is_named_at_once(admin):
    row = upload(admin, "Company;Sales team;Customer since\nBeta;Moon;oops\nGamma;Exeter;oops\n")
    mapped(admin, row, dates="DD.MM.YYYY")
    admin.post(reverse("import_values", args=[row.pk]), {"version": row.version})
    row.refresh_from_db()
    assert (row.state, row.rejected) == ("checked", 2)
    assert list(row.problems.values_list("row", "field")) == [(2, "team"), (2, "since"), (3, "since")]
    page = admin.get(reverse("import_detail", args=[row.pk])).content.decode()
    first = page.split("First rows")[1]
    assert first.count("no team with this external id / name") == 2
    assert first.count("is not written as DD.MM.YYYY") == 4
    text = b"".join(admin.get(reverse("import_rejected", args=[row.pk]))).decode("utf-8-sig")
    [beta] = [line for line in text.splitlines() if line.startswith("Beta")]
    why = next(csv.reader([beta], delimiter=";"))[-1]
    assert why == "Sales team: no team with this external id / name; Customer since: is not written as DD.MM.YYYY"


def test_rejected_rows_of_a_workbook_are_written_as_the_mapping_reads_them(admin):
    data = workbook(
        [["external_id", "customer", "status", "amount", "opened"], ["O1", "Nobody", "pending", 1234.5, "1.2.2026"]]
    )
    row = upload(admin, data, "orders")
    mapped(admin, row, numbers="1.234,56", dates="D.M.YYYY")
    stored(admin, row)
    text = b"".join(admin.get(reverse("import_rejected", args=[row.pk])).streaming_content).decode("utf-8-sig")
    second_line = next(csv.reader(text.splitlines()[1:]))
    assert second_line[:5] == ["O1", "Nobody", "pending", "1234,5", "1.2.2026"]


def test_the_mapping_goes_out_and_in_as_the_json_of_the_command_line(admin):
    row = upload(admin, CUSTOMERS)
    response = admin.get(reverse("import_mapping_file", args=[row.pk]))
    said = json.loads(response.content)
    assert said == row.mapping
    said["fields"]["since"] = {"column": "Customer since", "dates": "DD.MM.YYYY", "if_blank": {"default": "2020-01-01"}}
    page = reverse("import_json", args=[row.pk])
    assert admin.post(page, {"version": row.version, "text": json.dumps(said)}).status_code == 302
    row.refresh_from_db()
    assert row.mapping == said
    # The form keeps what it does not ask for.
    mapped(admin, row)
    assert row.mapping["fields"]["since"] == said["fields"]["since"]


@pytest.mark.parametrize("text", ["{", "[]", '{"fields": {"nonsense": "a"}}', '{"fields": {}}', "[" * 100_000])
def test_a_mapping_that_is_wrong_is_said(admin, text):
    row = upload(admin, CUSTOMERS)
    response = admin.post(reverse("import_json", args=[row.pk]), {"version": row.version, "text": text})
    assert response.status_code == 422
    row.refresh_from_db()
    assert row.mapping["fields"]["name"] == "Company"


def test_a_mapping_is_kept_and_used_again(admin, cast):
    row = upload(admin, CUSTOMERS)
    mapped(admin, row, dates="DD.MM.YYYY", name="Old system")
    kept = SavedMapping.objects.get()
    assert (kept.author, kept.name, kept.mapping) == (cast.admin, "Old system", row.mapping)
    second = upload(admin, CUSTOMERS, saved=kept.pk)
    assert second.mapping == row.mapping
    assert b"Old system" in admin.get(reverse("import_list")).content
    admin.post(reverse("import_mapping_remove", args=[kept.pk]))
    assert not SavedMapping.objects.exists()


def test_a_page_that_is_old_is_not_saved_over_a_newer_one(admin):
    row = upload(admin, CUSTOMERS)
    old = typed(admin, row)
    mapped(admin, row, dates="DD.MM.YYYY")
    admin.post(reverse("import_mapping", args=[row.pk]), old | {"dates": "MM/DD/YYYY"})
    row.refresh_from_db()
    assert row.mapping["dates"] == "DD.MM.YYYY"


def test_progress_asks_again_until_it_is_done(admin, cast):
    row = factories.import_of(cast.admin, state=ImportState.RUNNING, total=100, cursor=40)
    page = admin.get(reverse("import_detail", args=[row.pk])).content.decode()
    assert "40 of 100 rows" in page
    assert f'hx-get="{reverse("import_progress", args=[row.pk])}"' in page
    Import.objects.update(state=ImportState.DONE)
    assert admin.get(reverse("import_progress", args=[row.pk]))["HX-Refresh"] == "true"


def test_people_are_stored_after_signing_in_again_only(cast):
    row = factories.import_of(
        cast.admin, "name\nCy\n", kind="people", mapping={"fields": {"name": "name"}}, state="checked"
    )
    response = client_of(cast.admin, signed_in_ago=3600).post(reverse("import_run", args=[row.pk]))
    assert response.url.startswith(reverse("account_reauthenticate"))
    row.refresh_from_db()
    assert row.state == "checked"


@pytest.mark.parametrize("kind", KINDS)
def test_templates_name_every_field_and_their_explanations_are_no_data(admin, kind):
    text = b"".join(admin.get(reverse("import_template", args=[kind, "csv"]))).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == [field.name for field in KINDS[kind].fields]
    assert len(rows) == 2
    row = upload(admin, text, kind)
    assert set(row.mapping["fields"]) == set(rows[0])
    mapped(admin, row)
    assert (row.state, row.total, row.rejected) == ("checked", 0, 0)
    book = openpyxl.load_workbook(io.BytesIO(admin.get(reverse("import_template", args=[kind, "xlsx"])).content))
    assert [cell.value for cell in book.worksheets[0][1]] == rows[0]
    assert len(list(book.worksheets[1].rows)) == len(rows[0]) + 1


def test_a_page_for_every_kind_is_small_and_takes_few_statements(admin):
    columns = [f"Column number {n}" for n in range(30)]
    for kind in KINDS:
        row = upload(admin, ",".join(columns) + "\n" + ",".join("x" for _ in columns) + "\n", kind)
        with CaptureQueriesContext(connection) as queries:
            page = admin.get(reverse("import_mapping", args=[row.pk]))
        assert (page.status_code, len(queries) <= 12, len(page.content) < 60_000) == (200, True, True), kind


def test_the_lists_take_no_more_statements_for_more_rows(admin, cast):
    def statements(url):
        with CaptureQueriesContext(connection) as queries:
            assert admin.get(url).status_code == 200
        return len(queries)

    row = factories.import_of(cast.admin, state=ImportState.DONE)
    rejected_rows(row, 1)
    urls = [reverse("import_list"), reverse("import_detail", args=[row.pk])]
    few = [statements(url) for url in urls]
    for author in (cast.coordinator, cast.manager, cast.admin) * 5:
        factories.import_of(author)
        factories.kept_mapping(cast.admin, name=f"{SavedMapping.objects.count()}")
    rejected_rows(row, 60)
    assert [statements(url) for url in urls] == few
    assert max(few) <= 12


HIDDEN = ["import_detail", "import_progress", "import_mapping", "import_values", "import_json", "import_mapping_file", "import_again",
          "import_rejected"]  # fmt: skip


def test_an_import_is_its_authors_and_nobody_elses_but_who_may_import_everything(cast):
    row = factories.import_of(cast.coordinator, state=ImportState.DONE)
    rejected_rows(row, 1)
    for who in (cast.manager, cast.other_manager):
        client = client_of(who)
        assert {client.get(reverse(name, args=[row.pk])).status_code for name in HIDDEN} == {404}
        assert {client.post(reverse(name, args=[row.pk])).status_code for name in ("import_run", "import_remove")} == {
            404
        }
        assert b"old-customers.csv" not in client.get(reverse("import_list")).content
    admin = client_of(cast.admin)
    assert admin.get(reverse("import_detail", args=[row.pk])).status_code == 200
    assert admin.get(reverse("import_rejected", args=[row.pk])).status_code == 200
    assert {admin.post(reverse(name, args=[row.pk])).status_code for name in ("import_run", "import_remove")} == {403}
    assert b"old-customers.csv" in admin.get(reverse("import_list")).content


def test_words_offered_and_counts_hold_nothing_beyond_reach(cast):
    """Teams of others are neither offered nor known: theirs and one that does not exist answer alike."""
    client = client_of(cast.manager)
    answers = []
    for team in ("Leeds", "Nowhere"):
        row = upload(client, f"name,team\nNew one,{team}\n")
        mapped(client, row)
        page = client.get(reverse("import_values", args=[row.pk])).content.decode()
        assert "North" not in page
        client.post(reverse("import_values", args=[row.pk]), {"version": row.version})
        row.refresh_from_db()
        answers.append((row.created, row.changed, row.unchanged, row.rejected, row.problems.get().reason))
    assert answers[0] == answers[1]
    assert Team.objects.filter(name="Leeds").exists()


def test_hostile_names_and_cells_are_text(admin):
    bad = '"><script>alert(1)</script>'
    quoted = bad.replace('"', '""')
    text = f'name,team,"{quoted}"\n"{quoted}","{quoted}",x\n'
    response = admin.post(reverse("import_create"), {"kind": "customers", "file": file(text, name=f"{bad}.csv")})
    row = Import.objects.latest("pk")
    pages = [admin.get(response.url)]
    mapped(admin, row)
    pages.append(admin.get(reverse("import_values", args=[row.pk])))
    admin.post(reverse("import_values", args=[row.pk]), {"version": row.version})
    pages += [admin.get(reverse("import_detail", args=[row.pk])), admin.get(reverse("import_list"))]
    assert all(b"<script>alert" not in page.content for page in pages)
    rejected = b"".join(admin.get(reverse("import_rejected", args=[row.pk])))
    assert b"alert" in rejected


def test_formulas_are_neutral_in_the_rows_to_mend_and_come_back_as_they_were(admin, cast):
    row = upload(admin, "customer,name,phone\nNobody,=1+1,+358 40 123\n", "contacts")
    mapped(admin, row)
    stored(admin, row)
    text = b"".join(admin.get(reverse("import_rejected", args=[row.pk]))).decode("utf-8-sig")
    assert "'=1+1,'+358 40 123" in text
    admin.post(reverse("import_again", args=[row.pk]), {"file": file(text.replace("Nobody", "Own customer"))})
    stored(admin, Import.objects.latest("pk"))
    assert Contact.objects.values_list("name", "phone").get() == ("=1+1", "+358 40 123")


def test_a_file_that_is_no_table_is_refused_with_the_reason(admin):
    response = admin.post(reverse("import_create"), {"kind": "customers", "file": file("<svg></svg>", "customers.csv")})
    assert response.status_code == 422
    assert "Give a CSV or XLSX file" in response.content.decode()
    assert not Import.objects.exists()


def test_an_import_is_removed_but_not_while_it_is_stored(admin, cast):
    row = factories.import_of(cast.admin, state=ImportState.RUNNING)
    admin.post(reverse("import_remove", args=[row.pk]))
    assert Import.objects.exists()
    Import.objects.update(state=ImportState.DONE)
    admin.post(reverse("import_remove", args=[row.pk]))
    assert not Import.objects.exists()


def test_another_persons_kept_mapping_answers_as_one_that_does_not_exist(admin, cast):
    theirs = factories.kept_mapping(cast.coordinator)
    pages = []
    for key in (theirs.pk, 98_765_432):
        sent = {"kind": "customers", "file": file("name\nAcme\n"), "saved": key}
        response = admin.post(reverse("import_create"), sent)
        pages.append((response.status_code, dict(response.context["form"].errors)))
    assert pages[0] == pages[1]
    assert pages[0][0] == 422
    assert not Import.objects.exists()


def test_a_csv_of_a_million_columns_is_refused(admin):
    response = admin.post(reverse("import_create"), {"kind": "customers", "file": file("a," * 1_000_000 + "b\n")})
    assert response.status_code == 422
    assert "more than 1000 columns" in response.content.decode()


def test_a_kind_that_is_not_ones_own_is_neither_offered_nor_taken(cast):
    client = client_of(cast.coordinator)
    offered = [name for name, _word in client.get(reverse("import_create")).context["form"].fields["kind"].choices]
    assert offered == ["customers", "contacts", "assignments", "orders", "touches", "internal_work", "stages"]
    response = client.post(reverse("import_create"), {"kind": "people", "file": file("name\nCy\n")})
    assert response.status_code == 422
    assert client.get(reverse("import_template", args=["people", "xlsx"])).status_code == 403
