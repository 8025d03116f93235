"""From the database to the engine's inputs, in a fixed number of queries, as of a day.

`ground` loads what all customers share (rules, values, calendar, people), `customers` what is known of each customer.
The same family serves the stored recomputation (the company's today) and reports as of any day.
"""

from planning.loaders.customers import Loaded, load
from planning.loaders.ground import Ground, load_ground, with_people_of_now
from planning.loaders.workload import load_workload, weeks_from

__all__ = ["Ground", "Loaded", "load", "load_ground", "load_workload", "weeks_from", "with_people_of_now"]
