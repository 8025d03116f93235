"""How values are written for people and for spreadsheets.

numbers: money, minutes, hours, per cent. days: dates and distances in time. cells: CSV without formulas.
"""

from .numbers import hours_text, minutes_text, money_text, number_text, percent_text

__all__ = ["hours_text", "minutes_text", "money_text", "number_text", "percent_text"]
