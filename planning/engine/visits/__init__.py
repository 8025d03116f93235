"""A week of field visits: which on which day in which order (domain 3.7).

`week` says what is to be planned and what a plan is, `days` when what is reached in an order, `check` whether a plan keeps
every wish, `routes` asks the routing solver, `improving` mends its answer by the exact times, `plan` puts all together,
`calls` fills what is left of the days.
Numbers are whole seconds and metres; nothing here knows a database or a clock.
"""
