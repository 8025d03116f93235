"""The address of every page, about things that are there: for walks that look at all of them."""

from customers.models import ImportState
from territory import clock
from territory.company.models import Company, forget_company
from tests import factories
from tests.accounts.signing_in import client_of
from tests.factories.imports import rejected_rows
from tests.planning.answering import answered
from tests.test_access_matrix import address, names, subjects


def every_page(cast) -> list[str]:
    """One page of each address but those of signing in, filled, and what else a page has behind its tabs."""
    Company.objects.update(is_demo=True)  # its pages of mails too
    forget_company()
    about = subjects(cast)
    factories.figures(cast.own)
    factories.due_touch(cast.own, cast.rep, clock.company_today())
    value = factories.touch_value(factories.touch_type(), factories.tier(), 60)
    factories.evidence(value.touch_type, value.tier)
    line = f"?for=prospect&type={value.touch_type_id}&tier={value.tier_id}"
    # What adopting changes as the administrator sees it; to others it is being worked out, as all their sums of a year.
    answered(lambda: client_of(cast.admin).get(address("touch_value_adopt", about) + line))
    done = factories.import_of(cast.admin, state=ImportState.DONE, total=1)
    rejected_rows(done, 1)
    found = [address(name, about) for name in names() if not name.startswith("account_")]
    customer = address("customer_detail", about)
    return [
        *found,
        address("import_detail", {"import": done.pk}),
        *(f"{customer}?tab={tab}" for tab in ("orders", "touches", "changes")),
        *(address(name, about) + line for name in ("touch_values", "touch_value_adopt")),
        address("work_value", about) + "?period=year",
        "/search/?q=customer",
        "/customers/?q=nothing-of-that-name",
    ]
