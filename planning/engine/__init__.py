"""Pure mathematics of planning: no Django, no database, no clock, no settings.

Frozen structs (rules and values: dataclasses) in, frozen structs out. Keys (customers, people, roles, tiers, touch types ...) are opaque:
whatever hashable the caller uses. Time is in minutes, money is ``Decimal``. Nothing is rounded inside: minutes are
binary floats whose error stays far below the two decimals that are shown, whole days and thresholds are decided
with exact fractions, and rounding happens where a figure is printed.
"""
