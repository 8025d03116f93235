"""All rules of a company as one JSON: to read, to keep, to move to another installation (docs/import.md)."""

from planning.rules_file.dumping import dump_rules
from planning.rules_file.loading import RulesFileError, load_rules

__all__ = ["RulesFileError", "dump_rules", "load_rules"]
