"""All kinds of special situations, the most pressing first."""

from planning.situations.decider_left import DeciderLeft
from planning.situations.kind import Kind
from planning.situations.large_order import LargeOrder
from planning.situations.new_market import NewMarket
from planning.situations.single_contact import SingleContact
from planning.situations.sole_away import SoleAway
from planning.situations.stalled_order import StalledOrder
from planning.situations.under_served import UnderServed

KINDS: tuple[Kind, ...] = (
    LargeOrder(),
    NewMarket(),
    SoleAway(),
    DeciderLeft(),
    StalledOrder(),
    UnderServed(),
    SingleContact(),
)
BY_KEY: dict[str, Kind] = {kind.key: kind for kind in KINDS}
LOUD: tuple[str, ...] = tuple(kind.key for kind in KINDS if kind.loud)
