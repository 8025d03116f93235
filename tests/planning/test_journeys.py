"""The one question of how long and how far: settings, sources, and what is remembered."""

import datetime as dt
import json
import math
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import User
from customers import data_files
from customers.models import Customer, DataFile
from planning.actions.starting_rules import create_starting_rules
from planning.actions.travel import forget_old_journeys, save_routing_server
from planning.engine.journeys import journeys_by_great_circle
from planning.journey_words import said_by
from planning.loaders.journeys import be_heard_again, journeys_between, key_of, place_of
from planning.models import JourneyPair, PlanningSettings, RoutingServer, RulesVersion, SpeedBand
from tests.accounts.signing_in import client_of
from tests.territory.fake_server import serving

NOW = dt.datetime(2026, 11, 25, 10, 0, tzinfo=dt.UTC)
HERE, THERE = (0.0, 0.0), (math.degrees(22 / 1.3 / 6371.0), 0.0)

pytestmark = pytest.mark.django_db


def test_the_settings_say_how_fast_and_how_much_longer_roads_are(company):
    assert journeys_between([HERE], [THERE]).seconds.tolist() == [[36 * 60]]
    create_starting_rules(now=NOW, on=NOW.date())
    assert journeys_between([HERE], [THERE]).seconds.tolist() == [[36 * 60]]
    SpeedBand.objects.filter(from_km=10).update(kmh=Decimal("90.0"))
    assert journeys_between([HERE], [THERE]).seconds.tolist() == [[32 * 60]]
    PlanningSettings.objects.update(detour_factor=Decimal("1.00"))
    assert journeys_between([HERE], [THERE]).metres.tolist() == [[16_923]]


def test_settings_are_read_in_four_statements(company, django_assert_num_queries):
    with django_assert_num_queries(4):
        journeys_between([HERE] * 40, [THERE] * 40)


def test_an_administrator_changes_a_speed_and_no_budget_becomes_stale(cast):
    create_starting_rules(now=NOW, on=NOW.date())
    client, before = client_of(cast.admin), RulesVersion.current()
    new = reverse("rule_create", args=["speeds"])
    assert client.post(new, {"from_km": "10", "kmh": "50"}).status_code == 422
    assert client.post(new, {"from_km": "-1", "kmh": "50"}).status_code == 422
    assert client.post(new, {"from_km": "30", "kmh": "0"}).status_code == 422
    assert client.post(new, {"from_km": "30", "kmh": "90"}).status_code == 302
    row = SpeedBand.objects.get(from_km=30)
    edit = reverse("rule_edit", args=["speeds", row.pk])
    assert client.post(edit, {"from_km": "40", "kmh": "80.5", "version": row.version}).status_code == 302
    assert "40 km" in client.get(reverse("rule_list", args=["speeds"])).content.decode()
    assert client.post(reverse("rule_remove", args=["speeds", row.pk])).status_code == 302
    assert SpeedBand.objects.count() == 2
    assert list(SpeedBand.history.filter(id=row.pk).values_list("history_type", flat=True)) == ["-", "~", "+"]
    assert RulesVersion.current() == before
    assert client_of(cast.rep).post(new, {"from_km": "60", "kmh": "90"}).status_code == 403


# --- Servers, files, and what is remembered --------------------------------------------------------------------------

A, B, C = (50.0, 4.0), (50.1, 4.1), (50.2, 4.2)


def osrm(path, _body, _handler):
    """As OSRM answers: seconds and metres that tell which pair was asked for; no way to C."""
    asked = urlsplit(path)
    places = [tuple(map(float, place.split(","))) for place in asked.path.rsplit("/", 1)[1].split(";")]
    query = parse_qs(asked.query)
    sources, destinations = ([int(n) for n in query[name][0].split(";")] for name in ("sources", "destinations"))
    durations = [
        [None if places[end][1] == C[0] else round(places[start][1] * 10 + places[end][1], 1) for end in destinations]
        for start in sources
    ]
    distances = [[None if time is None else time * 100 for time in row] for row in durations]
    return 200, {}, json.dumps({"code": "Ok", "durations": durations, "distances": distances}).encode()


def valhalla(_path, body, _handler):
    asked = json.loads(body)
    rows = [
        [{"time": round(start["lat"] * 10 + end["lat"]), "distance": 1.5} for end in asked["targets"]]
        for start in asked["sources"]
    ]
    return 200, {}, json.dumps({"sources_to_targets": rows, "units": "kilometers"}).encode()


@pytest.fixture
def server(company, settings):
    """Names the fake as the server of routes."""
    settings.INTERNAL_SERVERS = ("127.0.0.1",)
    be_heard_again()

    def name(fake, kind="osrm", **fields):
        return RoutingServer.objects.create(kind=kind, address=fake.address, **fields)

    yield name
    be_heard_again()


@pytest.mark.parametrize(("kind", "answer"), [("osrm", osrm), ("valhalla", valhalla)])
def test_a_server_is_asked_once_and_believed(server, kind, answer):
    with serving(answer) as fake:
        server(fake, kind)
        found = journeys_between([A, B], [B, A])
        assert found.seconds.tolist() == [[550, 0], [0, 551]]
        assert (found.source, found.fell_back) == ("server", False)
        again = journeys_between([B], [A])
        assert (again.seconds.tolist(), again.source) == ([[551]], "server")
        assert len(fake.asked) == 1
        assert ("driving" if kind == "osrm" else "auto") in (fake.asked[0][0] + fake.asked[0][1].decode())


def test_a_new_setting_forgets_what_another_server_said(server, cast):
    with serving(osrm) as fake:
        row = server(fake)
        journeys_between([A], [B])
        row.profile = "bicycle"
        save_routing_server(row=row, version=row.version, actor=cast.admin)
        journeys_between([A], [B])
        assert [path.split("/")[3] for path, _body in fake.asked] == ["driving", "bicycle"]
        assert JourneyPair.objects.count() == 2
        assert forget_old_journeys(NOW) == 1
        journeys_between([A], [B])
        assert len(fake.asked) == 2
        JourneyPair.objects.update(said_at=NOW - dt.timedelta(days=181))
        assert forget_old_journeys(NOW) == 1
        assert [event.history_user for event in row.history.filter(version=2)] == [cast.admin]


def test_a_pair_without_a_way_falls_back_and_says_so(server):
    with serving(osrm) as fake:
        server(fake)
        found = journeys_between([A], [B, C])
    plain = journeys_by_great_circle([A], [C])
    assert found.seconds.tolist() == [[550, plain.seconds[0, 0]]]
    assert (found.source, found.fell_back) == ("server+great_circle", True)


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"[]", b"{}", b'{"code": "NoTable"}', b'{"code": "Ok", "durations": [[1, 2]]}', b'{"code": "Ok", "durations": [["a"]]}',
        b'{"code": "Ok", "durations": [[-1]]}', b'{"code": "Ok", "durations": [[1e99]]}', b'{"code": "Ok", "durations": [[NaN]]}',
        b'{"code": "Ok", "durations": [[true]]}', b'{"code": "Ok", "durations": [[5]], "distances": 7}', b"[" * 100_000,
        b'{"code": "Ok", "durations": {"0": 1}}', b"<html>",
        b'{"code": "Ok", "durations": [[1' + b"0" * 400 + b"]]}", b'{"code": "Ok", "durations": [[Infinity]]}',
    ],
)  # fmt: skip
def test_what_is_no_table_is_not_believed(server, answer):
    with serving(lambda *_asked: (200, {}, answer)) as fake:
        server(fake)
        found = journeys_between([A], [B])
        assert (found.source, found.fell_back) == ("great_circle", True)
        assert found.seconds.tolist() == journeys_by_great_circle([A], [B]).seconds.tolist()
        journeys_between([A], [B])
        assert len(fake.asked) == 1  # left alone for a while
    assert not JourneyPair.objects.exists()


@pytest.mark.parametrize("distance", [b"1e308", b"1" + b"0" * 400, b"NaN"])
def test_a_distance_that_no_number_holds_is_not_believed(server, distance):
    """Valhalla's are multiplied: what a float just holds is more than any then."""
    answer = b'{"sources_to_targets": [[{"time": 5, "distance": %s}]]}' % distance
    with serving(lambda *_asked: (200, {}, answer)) as fake:
        server(fake, "valhalla")
        assert journeys_between([A], [B]).source == "great_circle"


def test_without_a_distance_the_great_circle_says_how_far(server):
    with serving(lambda *_asked: (200, {}, b'{"code": "Ok", "durations": [[77.4]]}')) as fake:
        server(fake)
        found = journeys_between([A], [B])
    assert found.seconds.tolist() == [[77]]
    assert found.metres.tolist() == journeys_by_great_circle([A], [B]).metres.tolist()
    assert not found.fell_back


def test_many_places_are_asked_for_in_blocks_and_those_known_are_not(server, django_assert_max_num_queries):
    places = [(round(40 + number / 1000, 4), 4.0) for number in range(120)]
    with serving(osrm) as fake:
        server(fake)
        journeys_between(places[:10], places[:10])
        found = journeys_between(places, places)
        assert len(fake.asked) == 1 + 9
        assert all(path.split("?")[0].count(";") < 100 for path, _body in fake.asked)
        assert found.seconds[3, 7] == round(40.003 * 10 + 40.007, 0) or abs(found.seconds[3, 7] - 440.037) < 1
        assert JourneyPair.objects.count() == 120 * 119
        with django_assert_max_num_queries(5):
            again = journeys_between(places, places)
        assert (again.seconds == found.seconds).all()
        assert len(fake.asked) == 10


def test_a_server_that_is_named_within_the_network_is_refused_by_the_form(cast, settings):
    settings.INTERNAL_SERVERS = ()
    client, url = client_of(cast.admin), reverse("routing_server")
    for address in (
        "http://127.0.0.1:5000",
        "http://2130706433",
        "http://[::ffff:127.0.0.1]",
        "ftp://a",
        "",
        "localhost",
    ):
        assert client.post(url, {"kind": "osrm", "address": address}).status_code == 422
    settings.INTERNAL_SERVERS = ("127.0.0.1",)
    wrong = {"kind": "osrm", "address": "http://127.0.0.1:5000", "profile": "../../x"}
    assert client.post(url, wrong).status_code == 422
    assert client.post(url, {**wrong, "profile": "car"}).status_code == 302
    row = RoutingServer.objects.get()
    assert (row.kind, row.address, row.history.get().history_user) == ("osrm", "http://127.0.0.1:5000", cast.admin)
    stale = {"kind": "", "address": "", "version": row.version - 1}
    assert client.post(url, stale).status_code == 409
    assert client.post(url, {"kind": "", "address": "", "version": row.version}).status_code == 302
    assert client_of(cast.manager).get(url).status_code == 403
    late = client_of(cast.admin, signed_in_ago=3600).get(url)
    assert late.url.startswith("/accounts/reauthenticate/")


def test_an_administrator_tries_it(cast, server):
    client, url = client_of(cast.admin), reverse("routing_try")
    assert client.post(url, follow=True).status_code == 200
    Customer.objects.filter(pk=cast.own.pk).update(latitude=A[0], longitude=A[1])
    Customer.objects.filter(pk=cast.foreign.pk).update(latitude=B[0], longitude=B[1])
    with serving(osrm) as fake:
        server(fake)
        assert "It answers: 9 minutes" in client.post(url, follow=True).content.decode()
    assert "did not answer" in client.post(url, follow=True).content.decode()


def table(cast, text, **options):
    file = SimpleUploadedFile("times.csv", text.encode())
    row = data_files.bring_in(kind="travel_times", file=file, actor=cast.admin, now=NOW, options=options)
    data_files.store(row.pk)
    row.refresh_from_db()
    return row


@pytest.fixture
def named(cast):
    """Two customers and the rep's base with external ids."""
    Customer.objects.filter(pk=cast.own.pk).update(external_id="C-1", latitude=A[0], longitude=A[1])
    Customer.objects.filter(pk=cast.foreign.pk).update(external_id="C-2", latitude=B[0], longitude=B[1])
    Customer.objects.filter(pk=cast.team_mates.pk).update(external_id="C-3")
    User.objects.filter(pk=cast.rep.pk).update(external_id="U-1", base_latitude=C[0], base_longitude=C[1])
    return cast


def test_a_table_of_our_own_goes_before_all_and_tells_of_wrong_rows(named):
    row = table(
        named,
        'From,To,Minutes,km\nC-1,C-2,30.5,20\nU-1,C-1,12,\nC-1,"50.2, 4.2",99,1.5\nC-1,C-2,1,1\nC-3,C-1,1,1\nX,C-1,1,1\n'
        "C-1,C-1,1,1\nC-1,U-1,5,1\nC-2,C-1,soon,1\nC-2,C-1,-1,1\nC-2,C-1,1,far\n",
    )
    assert (row.state, row.stored) == ("in_use", 3)
    assert [tuple(problem[:2]) for problem in row.problems] == [
        (5, "To"), (6, "From"), (7, "From"), (8, "To"), (9, "To"), (10, "Minutes"), (11, "Minutes"), (12, "km"),
    ]  # fmt: skip
    found = journeys_between([A, C], [B, A])
    plain = journeys_by_great_circle([A, C], [B, A])
    assert found.seconds.tolist() == [[1830, 0], [plain.seconds[1, 0], 720]]
    assert found.metres.tolist() == [[20_000, 0], [plain.metres[1, 0], plain.metres[1, 1]]]
    assert (found.source, found.fell_back) == ("file+great_circle", True)
    assert said_by(found) == "our own table, great circle"


def test_a_table_counts_back_where_that_is_ticked(named):
    table(named, "from\tto\tminutes\nC-1\tC-2\t30\nC-2\tC-1\t40\nU-1\tC-1\t12\n", both_ways=True)
    found = journeys_between([A, B, C], [A, B, C])
    assert found.seconds[0, 1] == 1800
    assert found.seconds[1, 0] == 2400
    assert found.seconds[0, 2] == found.seconds[2, 0] == 720
    table(named, "from\tto\tminutes\nC-1\tC-2\t10\n")
    assert journeys_between([A], [B]).seconds.tolist() == [[600]]
    assert JourneyPair.objects.count() == 1


def test_a_table_fills_what_it_knows_and_a_server_the_rest(named, server):
    table(named, "from,to,minutes\nC-1,C-2,30\n")
    with serving(osrm) as fake:
        server(fake)
        found = journeys_between([A, B], [B, A])
    assert found.seconds.tolist() == [[1800, 0], [0, 551]]
    assert (found.source, found.fell_back) == ("file+server", False)


def test_a_table_is_brought_in_on_its_page(named):
    client, url = client_of(named.admin), reverse("travel_time_files")
    file = SimpleUploadedFile("times.csv", b"from,to,minutes\nC-1,C-2,30\n")
    assert client.post(url, {"file": file, "both_ways": "on"}).status_code == 302
    row = DataFile.objects.get()
    assert (row.options, row.state) == ({"both_ways": True}, "waiting")
    data_files.store(row.pk)
    assert "2 journeys are known" in client.get(url).content.decode()
    assert client_of(named.manager).post(url, {}).status_code == 403


def test_places_are_numbers_and_back():
    for place in ((0.0, 0.0), (-90.0, -180.0), (90.0, 180.0), (53.95763, -1.08271), (-33.8, 151.2)):
        assert place_of(key_of(place)) == pytest.approx(place, abs=0.00005001)
