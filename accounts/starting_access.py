"""The starting table of access: for each starting role, area and act its reach. An administrator's rows from then on."""

from accounts.models import RoleFunction
from accounts.reaches import Area, Reach, plain

NONE, AUTHORED, OWN, TEAM, BELOW, ALL = Reach.NONE, Reach.AUTHORED, Reach.OWN, Reach.TEAM, Reach.BELOW, Reach.ALL

SALESPERSON = {
    Area.DIRECTORY: {"see": TEAM},
    Area.CUSTOMERS: {"see": OWN, "change": OWN},
    Area.TOUCHES: {"see": OWN, "change": AUTHORED},
    Area.ORDERS: {"see": OWN, "change": OWN},
    Area.AMOUNTS: {"see": OWN},
    Area.EXPENSES: {"see": OWN, "change": AUTHORED},
    Area.BUDGETS: {"see": OWN},
    Area.RULES: {"see": ALL},
    Area.TOUCH_VALUES: {"see": ALL},
    Area.NAMES: {"see": ALL},
    Area.PEOPLE: {"see": OWN},
    Area.ABSENCES: {"see": OWN},
    Area.EXPORT: {"see": OWN},
}
COORDINATOR = {
    Area.DIRECTORY: {"see": TEAM},
    Area.CUSTOMERS: {"see": TEAM, "change": TEAM},
    Area.TOUCHES: {"see": TEAM, "change": TEAM},
    Area.ORDERS: {"see": TEAM, "change": TEAM},
    Area.AMOUNTS: {"see": TEAM},
    Area.BUDGETS: {"see": TEAM},
    Area.RULES: {"see": ALL},
    Area.TOUCH_VALUES: {"see": ALL},
    Area.NAMES: {"see": ALL},
    Area.PEOPLE: {"see": TEAM},
    Area.ABSENCES: {"see": TEAM},
    Area.IMPORT: {"change": TEAM},
    Area.EXPORT: {"see": TEAM},
}
TECHNICAL = {
    Area.DIRECTORY: {"see": TEAM},
    Area.CUSTOMERS: {"see": OWN},
    Area.TOUCHES: {"see": OWN, "change": AUTHORED},
    Area.ORDERS: {"see": OWN},
    Area.EXPENSES: {"see": OWN, "change": AUTHORED},
    Area.BUDGETS: {"see": OWN},
    Area.RULES: {"see": ALL},
    Area.TOUCH_VALUES: {"see": ALL},
    Area.NAMES: {"see": ALL},
    Area.PEOPLE: {"see": OWN},
    Area.ABSENCES: {"see": OWN},
}
PROSPECT_MANAGER = SALESPERSON
MANAGER = {
    Area.DIRECTORY: {"see": ALL},
    Area.CUSTOMERS: {"see": BELOW, "change": BELOW},
    Area.TOUCHES: {"see": BELOW, "change": BELOW},
    Area.ORDERS: {"see": BELOW, "change": BELOW},
    Area.AMOUNTS: {"see": BELOW},
    Area.EXPENSES: {"see": BELOW, "change": AUTHORED, "approve": BELOW},
    Area.BUDGETS: {"see": BELOW, "change": BELOW},
    Area.COST: {"see": BELOW},
    Area.RULES: {"see": ALL},
    Area.TOUCH_VALUES: {"see": ALL},
    Area.NAMES: {"see": ALL},
    Area.PEOPLE: {"see": BELOW},
    Area.ABSENCES: {"see": BELOW, "change": BELOW},
    Area.IMPORT: {"change": BELOW},
    Area.EXPORT: {"see": BELOW},
}
ADMINISTRATOR = {
    Area.DIRECTORY: {"see": ALL},
    Area.CUSTOMERS: {"see": ALL, "change": ALL},
    Area.TOUCHES: {"see": ALL, "change": ALL},
    Area.ORDERS: {"see": ALL, "change": ALL},
    Area.AMOUNTS: {"see": ALL},
    Area.EXPENSES: {"see": ALL, "change": AUTHORED, "approve": ALL},
    Area.BUDGETS: {"see": ALL, "change": ALL},
    Area.COST: {"see": ALL, "change": ALL},
    Area.RULES: {"see": ALL, "change": ALL, "approve": ALL},
    Area.TOUCH_VALUES: {"see": ALL, "change": ALL, "approve": ALL},
    Area.NAMES: {"see": ALL},
    Area.PEOPLE: {"see": ALL, "change": ALL},
    Area.ABSENCES: {"see": ALL, "change": ALL},
    Area.AUDIT: {"see": ALL},
    Area.IMPORT: {"change": ALL},
    Area.EXPORT: {"see": ALL},
}

# Name, function, access; in the order in which they are shown.
STARTING_ROLES = [
    ("Salesperson", RoleFunction.SALES, SALESPERSON),
    ("Sales coordinator", RoleFunction.COORDINATION, COORDINATOR),
    ("Technical support", RoleFunction.TECHNICAL, TECHNICAL),
    ("Prospect manager", RoleFunction.SALES, PROSPECT_MANAGER),
    ("Engineering", RoleFunction.TECHNICAL, TECHNICAL),
    ("Research and development", RoleFunction.TECHNICAL, TECHNICAL),
    ("Sales manager", RoleFunction.MANAGEMENT, MANAGER),
    ("Senior manager", RoleFunction.SENIOR_MANAGEMENT, MANAGER),
    ("Administrator", RoleFunction.ADMINISTRATION, ADMINISTRATOR),
]


def starting_access(function: str) -> dict[str, dict[str, str]]:
    """What roles of that function may do at the start; nothing for a function that no starting role has."""
    return next((plain(access) for _name, known, access in STARTING_ROLES if known == function), {})
