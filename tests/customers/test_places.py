"""Where customers are: the gazetteer, what it proposes, and that nothing is set before somebody says so."""

import datetime as dt
import gzip
import io
import zipfile

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers import data_files, tasks
from customers.actions.places import accept_proposals, set_place
from customers.imports.errors import CouldNot
from customers.models import Customer, DataFile, DataFileContent, DataFileState, Town
from customers.queries.places import proposals, towns_like, where, without_place
from customers.towns.countries import country_code
from customers.towns.reading import Problem, Text, towns_of
from customers.towns.spellings import spelling
from tests import factories
from tests.accounts.signing_in import client_of

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)

TABLE = """name;country;latitude;longitude;population;names
York;GB;53.9576;-1.0827;156135;Eboracum
Newport;GB;51.5877;-2.9984;128060;Casnewydd
Newport;GB;50.7009;-1.2883;25496;
York;US;39.9626;-76.7277;43718;
St Albans;United Kingdom;51.75;-0.3333;147373;
Köln;Deutschland;50.9333;6.95;1024621;Cologne,Colonia
York centre;GB;53.9600;-1.0800;100;York
"""

GEONAMES = (
    "2633352\tYork\tYork\tEboracum,Jorvik\t53.95763\t-1.08271\tP\tPPLA2\tGB\t\tENG\tN8\t\t\t156135\t\t20\tEurope/London\t2023-01-01\n"
    "1\tYork Moor\tYork Moor\t\t53.9\t-1.1\tT\tMOOR\tGB\t\tENG\t\t\t\t0\t\t20\tEurope/London\t2023-01-01\n"
    "2\tNowhere\tNowhere\t\t99\t-1.1\tP\tPPL\tGB\t\tENG\t\t\t\t0\t\t20\tEurope/London\t2023-01-01\n"
    "broken line\n"
)


def read(content: bytes):
    return list(towns_of(Text(io.BytesIO(content))))


def upload(content: bytes | str, name: str = "towns.csv"):
    return SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)


def brought_in(user, content: bytes | str, name: str = "towns.csv") -> DataFile:
    row = data_files.bring_in(kind="towns", file=upload(content, name), actor=user, now=NOW)
    data_files.store(row.pk)
    row.refresh_from_db()
    return row


class TestReading:
    def test_a_file_of_geonames(self):
        york, nowhere, broken = read(GEONAMES.encode())
        assert (york.name, york.country, york.region, york.population) == ("York", "GB", "ENG", 156135)
        assert (york.latitude, york.longitude, york.others) == (53.95763, -1.08271, ("Eboracum", "Jorvik"))
        assert nowhere == Problem(3, "latitude", "99 is not between -90 and 90")
        assert broken == Problem(4, "", "has 1 cells, not 19")

    def test_a_table_names_its_columns(self):
        rows = read(b"\xef\xbb\xbfLat,Lng,City,Country\n53.9,-1.1,York,UK\n\nx,0,A,GB\n1,2,B,Utopia\n1,,C,GB\n")
        assert rows[0].name == "York"
        assert [row[:2] for row in rows[1:]] == [(4, "Lat"), (5, "Country"), (6, "Lng")]

    @pytest.mark.parametrize("packed", ["gzip", "zip"])
    def test_packed_files_are_read_as_they_are(self, packed):
        content = io.BytesIO()
        if packed == "gzip":
            content.write(gzip.compress(GEONAMES.encode()))
        else:
            with zipfile.ZipFile(content, "w") as archive:
                archive.writestr("GB.txt", GEONAMES)
                archive.writestr("readme.txt", "about it")
        assert len(read(content.getvalue())) == 3

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\n\n",
            b"name;country\nYork;GB\n",
            b"\xff\xfe\x00",
            b"PK\x03\x04broken",
            b"\x1f\x8bbroken",
            b"name;country;latitude;longitude\n\xff;GB;1;2\n",
            b"name;country;latitude;longitude\n" + b"a" * 200_000,
            b"name;country;latitude;longitude\rYork;GB;1;2\r",
            b"na\0me;country;latitude;longitude\nYork;GB;1;2\n",
            b"name;country;latitude;longitude\nYo\0rk;GB;1;2\n",
            GEONAMES.replace("York", "Yo\0rk", 1).encode(),
            b"name;country;latitude;longitude" + b";x" * 300 + b"\nYork;GB;1;2\n",
        ],
    )
    def test_what_is_no_such_file_is_refused_in_words(self, content):
        with pytest.raises(CouldNot):
            read(content)

    def test_an_archive_with_several_files_is_refused(self):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("a.txt", GEONAMES)
            archive.writestr("b.txt", GEONAMES)
        with pytest.raises(CouldNot, match="one file"):
            read(content.getvalue())

    def test_an_archive_packed_in_a_way_that_takes_any_memory_is_refused(self):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_LZMA) as archive:
            archive.writestr("a.txt", GEONAMES)
        with pytest.raises(CouldNot, match="archive"):
            read(content.getvalue())

    def test_a_bomb_stops_at_the_limit(self, monkeypatch):
        monkeypatch.setattr("customers.towns.reading.MOST_TEXT", 1_000_000)
        content = gzip.compress(b"name;country;latitude;longitude\n" + b"York;GB;53.9;-1.1\n" * 200_000)
        assert len(content) < 50_000
        with pytest.raises(CouldNot, match="too large"):
            read(content)

    def test_names_are_looked_for_as_people_write_them(self):
        assert spelling("Stockton-on-Tees") == spelling("stockton on  tees")
        assert spelling("Saint Albans") == spelling("St. Albans")
        assert spelling("King's Lynn") == spelling("Kings Lynn")
        assert [country_code(name) for name in ("uk", "GBR", "United Kingdom", "Wales", "Deutschland", "", "Utopia")] == [
            "GB", "GB", "GB", "GB", "DE", "", "",
        ]  # fmt: skip


@pytest.fixture
def towns(cast):
    return brought_in(cast.admin, TABLE)


@pytest.mark.django_db
class TestStoring:
    def test_a_file_counts_once_all_of_it_is_there_and_takes_the_place_of_the_one_before(self, cast, towns):
        assert (towns.state, towns.stored, towns.rejected, towns.done) == ("in_use", 7, 0, towns.size)
        assert not DataFileContent.objects.exists()
        later = brought_in(cast.admin, GEONAMES, "GB.txt")
        assert (later.stored, later.rejected, len(later.problems)) == (1, 2, 2)
        towns.refresh_from_db()
        assert towns.state == DataFileState.REPLACED
        assert set(Town.objects.values_list("spelling", flat=True)) == {"york", "eboracum", "jorvik"}

    def test_a_file_without_a_town_leaves_the_one_before_in_use(self, cast, towns):
        failed = brought_in(cast.admin, "name;country;latitude;longitude\nYork;Utopia;1;2\n")
        assert (failed.state, failed.rejected, failed.problems[0][:2]) == ("failed", 1, [2, "country"])
        assert towns_like("york")

    def test_a_worker_that_died_leaves_nothing_double(self, cast, monkeypatch):
        row = data_files.bring_in(kind="towns", file=upload(TABLE), actor=cast.admin, now=NOW)
        monkeypatch.setattr(data_files, "PIECE", 2)
        kept = data_files._keep_towns

        def dies(file, piece):
            if Town.objects.exists():
                raise ZeroDivisionError
            return kept(file, piece)

        monkeypatch.setitem(data_files.KINDS, "towns", data_files.Kind(
            rows=data_files.KINDS["towns"].rows, keep=dies, forget=data_files._forget_towns
        ))  # fmt: skip
        with pytest.raises(ZeroDivisionError):
            data_files.store(row.pk)
        assert Town.objects.exists()
        assert not towns_like("york")
        monkeypatch.undo()
        data_files.store(row.pk)
        assert Town.objects.filter(spelling="york", country="GB", name="York").count() == 1

    def test_only_one_is_stored_at_a_time_and_none_too_large(self, cast, settings):
        data_files.bring_in(kind="towns", file=upload(TABLE), actor=cast.admin, now=NOW)
        with pytest.raises(ValidationError):
            data_files.bring_in(kind="towns", file=upload(TABLE), actor=cast.admin, now=NOW)
        DataFile.objects.update(state="failed")
        settings.IMPORT_MOST_MB = 0
        with pytest.raises(ValidationError):
            data_files.bring_in(kind="towns", file=upload(TABLE), actor=cast.admin, now=NOW)

    @pytest.mark.django_db(transaction=True)
    def test_what_no_message_announced_is_taken_up(self, cast, settings):
        settings.CELERY_TASK_ALWAYS_EAGER = True
        row = data_files.bring_in(kind="towns", file=upload(TABLE), actor=cast.admin, now=NOW)
        for pk in data_files.waiting(NOW):
            tasks.store_data_file(pk)
        row.refresh_from_db()
        assert row.state == "in_use"
        assert data_files.waiting(NOW) == []

    def test_the_towns_that_come_with_the_product_are_all_read(self):
        with data_files.SHIPPED.open("rb") as file:
            rows = list(towns_of(Text(file)))
        assert len(rows) > 69_000
        assert not [row for row in rows if isinstance(row, Problem)]
        munich = next(row for row in rows if row.name == "Munich")
        assert spelling("München") in {spelling(name) for name in munich.others}
        notice = (data_files.SHIPPED.parent / "README.md").read_text(encoding="utf-8")
        assert "geonames.org" in notice
        assert "Attribution 4.0" in notice

    def test_the_command_takes_a_file_from_where_it_lies(self, cast, tmp_path, capsys):
        file = tmp_path / "mine.csv"
        file.write_text(TABLE + "Utopia;XX;1;2;3;\n", encoding="utf-8")
        call_command("load_towns", str(file))
        said = capsys.readouterr()
        assert "7 towns are in use; 1 rows" in said.out
        assert "row 9, country" in said.err
        with pytest.raises(CommandError):
            call_command("load_towns", str(tmp_path / "none.csv"))
        file.write_text("nothing", encoding="utf-8")
        with pytest.raises(CommandError, match="first row"):
            call_command("load_towns", str(file))


@pytest.mark.django_db
class TestProposing:
    def proposed(self, **fields):
        row = factories.customer(**fields)
        found = proposals([row])[row.pk]
        return [where(town) for town in found.towns]

    def test_one_town_of_the_name_is_proposed_several_are_offered(self, towns):
        assert self.proposed(town="york", country="UK") == ["York, United Kingdom"]
        assert self.proposed(town="Köln", country="DE") == ["Köln, Germany"]
        assert self.proposed(town="cologne") == ["Köln, Germany"]
        assert self.proposed(town="Newport", country="GB") == ["Newport, United Kingdom"] * 2
        assert self.proposed(town="York") == ["York, United Kingdom", "York, United States"]
        assert self.proposed(town="Saint Albans", country="England") == ["St Albans, United Kingdom"]

    def test_of_a_country_that_nobody_knows_nothing_is_proposed(self, towns):
        assert self.proposed(town="York", country="Utopia") == []
        assert self.proposed(town="York", country="FR") == []
        assert proposals([factories.customer(town="")]) == {}

    def test_towns_are_found_by_how_they_begin(self, towns):
        assert [town.name for town in towns_like("new")] == ["Newport", "Newport"]
        assert [town.country for town in towns_like("york", "US")] == ["US"]
        assert towns_like("n") == []

    def test_a_page_of_customers_is_asked_for_in_one_statement(self, towns, django_assert_num_queries):
        rows = [factories.customer(town="York", country="GB") for _ in range(30)]
        with django_assert_num_queries(1):
            found = proposals(rows)
        assert len(found) == 30


@pytest.mark.django_db
class TestSetting:
    def test_all_that_are_proposed_within_reach_and_nothing_else(self, cast, towns):
        Customer.objects.update(town="York", country="GB")
        known = factories.customer(owner=cast.rep_membership, town="York", country="GB", latitude=1.0, longitude=2.0)
        several = factories.customer(owner=cast.rep_membership, town="Newport", country="GB")
        archived = factories.customer(owner=cast.rep_membership, town="York", country="GB", archived_at=NOW)
        assert accept_proposals(actor=cast.rep, now=NOW) == 1
        places = dict(Customer.objects.values_list("pk", "latitude"))
        assert places[cast.own.pk] == 53.9576
        assert places[known.pk] == 1.0
        assert [places[row.pk] for row in (cast.foreign, cast.team_mates, several, archived)] == [None] * 4
        told = cast.own.history.get(version=2)
        assert (told.history_user, told.latitude) == (cast.rep, 53.9576)
        assert accept_proposals(actor=cast.rep, now=NOW) == 0

    def test_asked_again_it_goes_on_with_the_rest(self, cast, towns):
        for _ in range(5):
            factories.customer(owner=cast.rep_membership, town="York", country="GB")
        assert [accept_proposals(actor=cast.rep, now=NOW, most=3) for _ in range(3)] == [3, 2, 0]

    def test_a_place_is_whole_and_on_the_globe(self, cast):
        for latitude, longitude in ((91.0, 0.0), (0.0, 181.0), (1.0, None)):
            with pytest.raises(ValidationError):
                set_place(actor=cast.rep, now=NOW, customer=cast.own, latitude=latitude, longitude=longitude)
        set_place(actor=cast.rep, now=NOW, customer=cast.own, latitude=1.0, longitude=2.0)
        set_place(actor=cast.rep, now=NOW, customer=cast.own, latitude=1.0, longitude=2.0)
        cast.own.refresh_from_db()
        assert (cast.own.latitude, cast.own.version, cast.own.history.count()) == (1.0, 2, 2)
        set_place(actor=cast.rep, now=NOW, customer=cast.own, latitude=None, longitude=None)
        assert without_place(cast.rep).filter(pk=cast.own.pk).exists()


@pytest.mark.django_db
class TestPages:
    def test_the_list_shows_what_one_may_mend_with_what_is_proposed(self, cast, towns):
        Customer.objects.update(town="York", country="GB")
        page = client_of(cast.rep).get(reverse("place_list")).content.decode()
        assert "Own customer" in page
        assert "York, United Kingdom" in page
        assert "Foreign customer" not in page
        assert "Mate&#x27;s customer" not in page
        assert client_of(cast.technician).get(reverse("place_list")).status_code == 403

    def test_queries_do_not_grow_with_the_customers(self, cast, towns):
        Customer.objects.update(town="York", country="GB")
        client, counts = client_of(cast.admin), []
        for _ in range(2):
            with CaptureQueriesContext(
                connection,
            ) as seen:
                client.get(reverse("place_list"))
            counts.append(len(seen))
            for _ in range(60):
                factories.customer(team=cast.exeter, town="York", country="GB")
        assert counts[0] == counts[1] <= 12
        page = client.get(reverse("place_list")).content
        assert page.count(b"York, United Kingdom") >= 40
        assert len(page) < 58_000

    def test_one_click_sets_one(self, cast, towns):
        url = reverse("customer_place", args=[cast.own.pk])
        place = {"latitude": "53.95760", "longitude": "-1.08270"}
        answer = client_of(cast.rep).post(url, {**place, "back": "places"})
        assert answer.url == reverse("place_list")
        cast.own.refresh_from_db()
        assert (cast.own.latitude, cast.own.longitude) == (53.9576, -1.0827)
        assert client_of(cast.rep).post(url, {"latitude": "1"}).status_code == 422
        assert client_of(cast.rep).post(url, {}).status_code == 422
        assert client_of(cast.rep).post(url, {"latitude": "nan", "longitude": "1"}).status_code == 422
        assert client_of(cast.technician).post(url, place).status_code == 403
        assert client_of(cast.other_rep).post(url, place).status_code == 404

    def test_a_map_is_answered_in_json(self, cast):
        url, json = reverse("customer_place", args=[cast.own.pk]), {"HTTP_ACCEPT": "application/json"}
        answer = client_of(cast.rep).post(url, {"latitude": "53.9", "longitude": "-1.1"}, **json)
        assert answer.json() == {"latitude": 53.9, "longitude": -1.1}
        wrong = client_of(cast.rep).post(url, {"latitude": "99", "longitude": "-1.1"}, **json)
        assert (wrong.status_code, list(wrong.json()["errors"])) == (422, ["latitude"])

    def test_other_towns_are_looked_for(self, cast, towns):
        url = reverse("customer_place", args=[cast.own.pk])
        page = client_of(cast.rep).get(url, {"q": "newp"}).content.decode()
        assert page.count("Newport, United Kingdom") >= 2
        assert "No town of this name" in client_of(cast.rep).get(url, {"q": "Atlantis"}).content.decode()

    def test_ones_own_base_is_set_and_taken_away(self, cast, towns):
        client, url = client_of(cast.rep), reverse("own_base")
        assert "York, United Kingdom" in client.get(url, {"q": "york"}).content.decode()
        assert client.post(url, {"latitude": "53.9", "longitude": "-1.1"}).status_code == 302
        cast.rep.refresh_from_db()
        assert (cast.rep.base_latitude, cast.rep.base_longitude) == (53.9, -1.1)
        assert client.post(url, {"unknown": "1"}).status_code == 302
        cast.rep.refresh_from_db()
        assert cast.rep.base_latitude is None
        assert client.post(url, {}).status_code == 422

    def test_an_administrator_brings_in_towns_and_sees_what_was_not_taken(
        self, cast, django_capture_on_commit_callbacks
    ):
        client, url = client_of(cast.admin), reverse("town_files")
        assert client_of(cast.manager).get(url).status_code == 403
        assert client.post(url, {"file": upload(TABLE + "Utopia;XX;1;2;3;\n")}).status_code == 302
        assert "A worker takes it up" in client.get(url).content.decode()
        row = DataFile.objects.get()
        progress = reverse("data_file_progress", args=[row.pk])
        assert client.get(progress).status_code == 200
        again = client.post(url, {"file": upload(TABLE)})
        assert (again.status_code, "being stored already" in again.content.decode()) == (422, True)
        data_files.store(row.pk)
        assert client.get(progress).headers["HX-Refresh"] == "true"
        page = client.get(url).content.decode()
        assert "7 towns are known" in page
        assert "Row 9" in page
        assert client.post(reverse("town_files_shipped")).status_code == 302
        assert DataFile.objects.filter(state="waiting").count() == 1


def test_the_import_names_row_and_column_of_a_place(cast):
    from customers.imports.runs import run_import

    text = "name,team,lat,lon\nA,Exeter,50.7,-3.5\nB,Exeter,95,-3.5\nC,Exeter,50.7,\nD,Exeter,north,-3.5\n"
    fields = {"name": "name", "team": "team", "latitude": "lat", "longitude": "lon"}
    report = run_import(
        kind="customers", data=text.encode(), mapping={"kind": "customers", "fields": fields}, actor=cast.admin, now=NOW
    )
    assert [(problem.row, problem.column) for problem in report.rejected_rows] == [(3, "lat"), (4, "lon"), (5, "lat")]
    assert Customer.objects.get(name="A").longitude == -3.5
