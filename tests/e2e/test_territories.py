"""A manager balances a team and accepts half of it, through browser, web, database and worker."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from customers.models import Assignment
from planning.actions.alignment import run_alignment
from planning.models import AlignmentMove, AlignmentProposal
from territory import clock
from tests import factories

from .conftest import DESK
from .keyboard import Keyboard

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def uneven(cast):
    """The rep has eight mills, four of them beside the mate, who has none."""
    for person, longitude in ((cast.rep, -4.0), (cast.mate, -2.0)):
        person.base_latitude, person.base_longitude = 51.0, longitude
        person.save()
    for number in range(8):
        place = {"latitude": 51 + number / 50, "longitude": -4.1 if number < 4 else -1.9}
        factories.customer(f"Mill {number}", owner=cast.rep_membership, **place)


def test_a_manager_balances_a_team_and_accepts_half_of_it(opened, cast, uneven, worker):
    page = opened(cast.manager, DESK)
    page.goto(reverse("territory_list"))
    page.get_by_label("Team").select_option("Exeter")
    page.get_by_label("Even").select_option("customers")
    page.get_by_label("Within, %").fill("20")
    page.get_by_label("A move must save, km a month").fill("1")
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_role("heading", name="Who would change hands")).to_be_visible()
    expect(page.locator("#moves input[name=rows]")).to_have_count(4)
    expect(page.locator("#territory-map .map-place canvas").first).to_be_visible()
    page.get_by_role("button", name="Before", exact=True).click()
    expect(page.locator("#territory-map [aria-pressed=true]")).to_have_text("Before")
    assert {row.membership for row in Assignment.objects.filter(customer__name__startswith="Mill")} == {
        cast.rep_membership
    }

    for box in page.locator("#moves input[name=rows]").all()[2:]:
        box.uncheck()
    expect(page.locator("#comes-to")).to_contain_text("2 customers change hands")
    expect(page.locator("#figures")).to_contain_text("with the 2 of 4 that are ticked")
    page.get_by_role("button", name="After", exact=True).click()
    first = clock.company_today().replace(year=clock.company_today().year + 1, day=1)
    page.get_by_label("From").fill(first.isoformat())
    page.get_by_role("button", name="Accept what is ticked").click()
    expect(page.locator("#figures")).to_contain_text("accepted: 2 of 4")
    expect(page.locator("#done li")).to_have_count(2)
    expect(page.locator("#moves input[name=rows]")).to_have_count(2)
    expect(page.locator("#moves input[name=rows]:checked")).to_have_count(0)
    expect(page.locator("#stale")).to_contain_text("A part was accepted")
    moved = Assignment.objects.filter(membership=cast.mate_membership, customer__name__startswith="Mill")
    assert {row.starts_on for row in moved} == {first}
    assert moved.count() == AlignmentMove.objects.filter(accepted_by=cast.manager).count() == 2
    assert {row.history_user for row in Assignment.history.filter(id__in=moved.values("pk"))} == {cast.manager}

    page.get_by_role("button", name="Leave the rest as it is").click()
    expect(page.get_by_text("Nothing else changes hands")).to_be_visible()


def test_by_keyboard_alone(opened, cast, uneven):
    page = opened(cast.manager, DESK)
    keys = Keyboard(page)
    page.goto(reverse("territory_list"))
    keys.to_content().to("", field="team").type("Exeter").to("", field="balance").type("customers")
    for field, text in (("tolerance", "20"), ("move_km", "1")):
        keys.to("", field=field).press("Control+a").type(text)
    keys.to("Propose", tag="button").enter("**/territories/*/**")
    proposal = AlignmentProposal.objects.get()
    run_alignment(proposal.pk, proposal.asked, now=clock.now())
    expect(page.get_by_role("heading", name="Who would change hands")).to_be_visible()

    # A place on the map is one stop; what is unticked there and then is what is not accepted.
    keys.to_content().to("", field="rows").press("Space")
    expect(page.locator("#comes-to")).to_contain_text("3 customers change hands")
    assert keys.focused()["field"] == "rows"
    keys.to("Accept what is ticked").press("Enter")
    expect(page.locator("#figures")).to_contain_text("accepted: 3 of 4")
    page.wait_for_load_state()
    keys.to_content().to("Leave the rest as it is").press("Enter")
    expect(page.get_by_text("Nothing else changes hands")).to_be_visible()
