import pytest

from tests.planning.situations.finding import NOW


@pytest.fixture(autouse=True)
def _frozen(time_machine, company):
    time_machine.move_to(NOW, tick=False)
