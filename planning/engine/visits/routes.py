"""The routing solver's answer: which visits on which day in which order, prizes against time.

PyVRP (Wouda, Lan and Kool 2024, INFORMS Journal on Computing 36) searches by iterated local search; every feasible day that it
comes by is kept, and in the end those that fit together best are chosen by a set-packing programme (scipy's `milp`), which
finds weeks that the search saw in parts only.

The solver's clock has no lunch and nothing that one is busy with: these are cut out of the day, lunch in the middle of its
window, so what it says is an answer to be mended by the exact times (`improving`). Everything else it keeps exactly.
"""

import time
from math import inf
from typing import Any

from msgspec import Struct, field

from planning.engine.visits.week import Day, Visit, Week, Window

Orders = tuple[tuple[int, ...], ...]
# Of the solver: kind of day, and its clients in their order.
Routes = list[tuple[int, tuple[int, ...]]]

# Units of the solver's whole-numbered costs that the largest total of prizes comes to.
PRIZES = 10**9
FORBIDDEN = 4


class Effort(Struct, frozen=True):
    """How long to search: iterations for the same plan every time, `seconds` as a limit of all of it, or instead; `restarts`:
    searches from other beginnings, which share what they have found; `choosing`: seconds for putting the best days together."""

    iterations: int = 4000
    seconds: float | None = None
    restarts: int = 1
    neighbours: int = 40
    perturbations: int = 15
    choosing: float = 10.0
    history: int = 300


class Pool(Struct):
    """The best order found of each set of visits, by kind of day, with its cost and prizes; where it is full, half of it goes:
    what brings least."""

    most: int = 60_000
    routes: dict[tuple[int, frozenset[int]], tuple[float, tuple[int, ...], int]] = field(default_factory=dict)

    def add(self, kind: int, order: tuple[int, ...], cost: float, prizes: int) -> None:
        key = kind, frozenset(order)
        known = self.routes.get(key)
        if known is None and len(self.routes) >= self.most:
            kept = sorted(self.routes.items(), key=lambda row: -row[1][2])[: self.most // 2]
            self.routes = dict(kept)
        if known is None or cost < known[0]:
            self.routes[key] = cost, order, prizes


def best_orders(week: Week, price: float, effort: Effort, seed: int, warm: Orders | None = None) -> Orders:
    """By day, the visits in their order, so that value less `price` a second spent is as large as can be found."""
    nothing: Orders = tuple(() for _ in week.days)
    if not week.visits or not week.days:
        return nothing
    model = _Model(week, price)
    if not model.clients:
        return nothing
    return model.orders(_search(model, Pool(), effort, seed, warm))


class _Model:
    """The week as the solver knows it. Days that are alike for every visit are one kind of vehicle."""

    def __init__(self, week: Week, price: float) -> None:
        self.week = week
        self.clocks = [_cut_out(day) for day in week.days]
        self.kinds = _kinds(week)
        self.clients: list[tuple[int, Window, frozenset[int]]] = []  # visit, when it may begin, on which kinds of day
        for index, visit in enumerate(week.visits):
            self.clients += [(index, window, kinds) for window, kinds in self._choices(visit).items()]
        total = sum(max(0.0, visit.value) for visit in week.visits) or 1.0
        self.scale = PRIZES / total
        self.second = max(1, round(price * self.scale))
        self.data: Any = self._data() if self.clients else None

    def _choices(self, visit: Visit) -> dict[Window, frozenset[int]]:
        found: dict[Window, set[int]] = {}
        for kind, days in enumerate(self.kinds):
            clock, day = self.clocks[days[0]], days[0]
            if not visit.on(day):
                continue
            if visit.at is not None:
                starts = clock(visit.at)
                found.setdefault(Window(starts, starts), set()).add(kind)
                continue
            works = self.week.days[day].works
            for window in (works,) if visit.hours is None else visit.hours[day]:
                opens, closes = clock(max(window.opens, works.opens)), clock(min(window.closes, works.closes))
                if opens + visit.seconds <= closes:
                    found.setdefault(Window(opens, closes - visit.seconds), set()).add(kind)
        return {window: frozenset(kinds) for window, kinds in found.items()}

    def _data(self) -> Any:
        import numpy as np
        import pyvrp

        model, week = pyvrp.Model(), self.week
        ends = sorted({place for day in week.days for place in (day.start, day.end)})
        places = [*ends, *(week.visits[visit].place for visit, *_ in self.clients)]
        locations = [model.add_location(0, 0) for _place in places]
        depots = {place: model.add_depot(locations[number]) for number, place in enumerate(ends)}
        groups: dict[int, Any] = {}
        counts = [visit for visit, *_ in self.clients]
        for number, (index, window, _on) in enumerate(self.clients):
            visit = week.visits[index]
            if counts.count(index) > 1 and index not in groups:
                groups[index] = model.add_client_group(required=visit.must)
            model.add_client(
                locations[len(ends) + number],
                service_duration=visit.seconds,
                tw_early=window.opens,
                tw_late=window.closes,
                prize=round(max(0.0, visit.value) * self.scale),
                required=visit.must and index not in groups,
                group=groups.get(index),
            )
        for kind, days in enumerate(self.kinds):
            clock, day = self.clocks[days[0]], week.days[days[0]]
            opens, closes = clock(day.works.opens), clock(day.works.closes)
            model.add_vehicle_type(
                len(days), start_depot=depots[day.start], end_depot=depots[day.end],
                tw_early=opens, tw_late=closes, unit_distance_cost=0, unit_duration_cost=self.second,
                profile=model.add_profile(), name=str(kind),
            )  # fmt: skip
        data = model.data(missing_value=0)
        matrix = np.array(week.seconds, dtype=np.int64)[np.ix_(places, places)]
        np.fill_diagonal(matrix, 0)
        matrices: Any = []
        for kind, days in enumerate(self.kinds):
            own = matrix.copy()
            never = FORBIDDEN * max(1, week.days[days[0]].works.closes - week.days[days[0]].works.opens)
            for number, (_visit, _window, kinds) in enumerate(self.clients):
                if kind not in kinds:
                    own[len(ends) + number, :] = own[:, len(ends) + number] = never
            np.fill_diagonal(own, 0)
            matrices.append(own)
        nowhere: Any = [np.zeros_like(matrix)] * len(matrices)
        return data.replace(distance_matrices=nowhere, duration_matrices=matrices)

    def priced(self, more: float) -> Any:
        """The same with so much more for a second."""
        if not more:
            return self.data
        second = self.second + round(more)
        return self.data.replace(
            vehicle_types=[row.replace(unit_duration_cost=second) for row in self.data.vehicle_types()]
        )

    def routes(self, orders: Orders) -> Routes:
        """Orders as routes of the solver; a visit that has several choices takes the first of its day."""
        found: Routes = []
        for kind, days in enumerate(self.kinds):
            for day in days:
                clients = [self._client(visit, kind) for visit in orders[day]]
                known = tuple(client for client in clients if client is not None)
                if known:
                    found.append((kind, known))
        return found

    def _client(self, visit: int, kind: int) -> int | None:
        found = (number for number, (index, _w, kinds) in enumerate(self.clients) if index == visit and kind in kinds)
        return next(found, None)

    def orders(self, routes: Routes) -> Orders:
        """Routes (kind of day, clients) as orders by day."""
        found: list[tuple[int, ...]] = [()] * len(self.week.days)
        free = [list(days) for days in self.kinds]
        for kind, clients in routes:
            found[free[kind].pop(0)] = tuple(self.clients[client][0] for client in clients)
        return tuple(found)


def _cut_out(day: Day) -> Any:
    """The day's clock without what one is busy with and without lunch."""
    gaps = list(day.busy)
    if day.lunch is not None:
        within, seconds = day.lunch.within, day.lunch.seconds
        opens = (within.opens + within.closes - seconds) // 2
        gaps.append(Window(opens, opens + seconds))
    gaps.sort()

    def clock(moment: int) -> int:
        gone, done = 0, day.works.opens
        for gap in gaps:
            opens, closes = max(gap.opens, done), min(gap.closes, moment)
            if opens < closes:
                gone += closes - opens
                done = closes
        return moment - gone

    return clock


def _kinds(week: Week) -> list[list[int]]:
    """Days by kind: those that differ in nothing for any visit are one."""
    found: dict[Any, list[int]] = {}
    for number, day in enumerate(week.days):
        tells = tuple((visit.on(number), None if visit.hours is None else visit.hours[number]) for visit in week.visits)
        found.setdefault((day, tells), []).append(number)
    return list(found.values())


def _search(model: _Model, pool: Pool, effort: Effort, seed: int, warm: Orders | None) -> Routes:
    """Iterated local search from several beginnings; the best routes found, or chosen from all that were come by.

    Where time costs nothing a search sees no use in a shorter way until a whole visit fits in. So those after the first pay for
    it: that fills the pool with tight days, from which the best week is chosen by its true worth. Every other search begins
    with the best week so far.
    """
    best: Routes = []
    best_worth = float("-inf")
    ends, choosing = _limits(effort)
    for restart in range(effort.restarts):
        rate = _rate(model, best) if restart else 0.0
        data = model.priced(rate * DEARER[restart % len(DEARER)])
        seconds = None
        if effort.seconds is not None:
            left = [each for each in range(restart, effort.restarts) if _chooses(each, effort)]
            seconds = (ends - time.monotonic() - choosing * len(left)) / (effort.restarts - restart)
        begin = model.routes(warm) if warm is not None and restart == 0 else best if restart % 2 else []
        found = [_run(model, data, pool, effort, seed + 7919 * restart, seconds, begin)]
        if _chooses(restart, effort):
            found.append(_chosen(model, pool, choosing))
        for routes in found:
            worth = _worth(model, routes)
            if worth > best_worth:
                best, best_worth = routes, worth
    return best


# After so many searches, and after the last, the best days of all are put together, for so much of the time each.
CHOOSE_EVERY, CHOOSING = 3, 0.06


def _chooses(restart: int, effort: Effort) -> bool:
    return restart % CHOOSE_EVERY == CHOOSE_EVERY - 1 or restart == effort.restarts - 1


def _limits(effort: Effort) -> tuple[float, float]:
    """When the search has to end, and how long choosing may take."""
    if effort.seconds is None:
        return inf, effort.choosing
    return time.monotonic() + effort.seconds, min(effort.choosing, CHOOSING * effort.seconds)


# By restart: the price of time as a share of what it brings in the best week so far.
DEARER = (0.0, 0.3, 0.6, 0.15, 0.45, 0.75)


def _rate(model: _Model, routes: Routes) -> float:
    """Prizes a second, in the solver's units."""
    import pyvrp

    rows = [pyvrp.Route(model.data, list(clients), kind) for kind, clients in routes]
    spent = sum(row.duration() for row in rows)
    return sum(row.prizes() for row in rows) / spent if spent else 0.0


def _run(
    model: _Model, data: Any, pool: Pool, effort: Effort, seed: int, seconds: float | None, begin_with: Routes
) -> Routes:
    """One search: the routes of the best week it found, as (kind of day, clients)."""
    import warnings

    import pyvrp
    from pyvrp.search import (
        OPERATORS,
        LocalSearch,
        NeighbourhoodParams,
        PerturbationManager,
        PerturbationParams,
        compute_neighbours,
    )
    from pyvrp.stop import MaxIterations, MaxRuntime, MultipleCriteria

    rng = pyvrp.RandomNumberGenerator(seed=seed)
    neighbours = compute_neighbours(data, NeighbourhoodParams(num_neighbours=min(effort.neighbours, data.num_clients)))
    search = LocalSearch(data, rng, neighbours, PerturbationManager(PerturbationParams(1, effort.perturbations)))
    for operator in OPERATORS:
        if operator.supports(data):
            search.add_operator(operator(data))
    typical = model.second * 10 + PRIZES / (1 + data.num_clients) / 600
    manager = pyvrp.PenaltyManager(([], typical, typical), pyvrp.PenaltyParams(max_penalty=float(PRIZES)))
    begin = pyvrp.Solution.make_random(data, rng)
    if begin_with:
        begin = pyvrp.Solution(data, [pyvrp.Route(data, list(clients), kind) for kind, clients in begin_with])
    first = search(begin, manager.max_cost_evaluator(), exhaustive=True)
    keeping: Any = _Keeping(pool)
    params = pyvrp.IteratedLocalSearchParams(history_length=effort.history, callbacks=keeping)
    ils = pyvrp.IteratedLocalSearch(data, manager, search, first, params)
    stops: list[Any] = [MaxIterations(max(1, effort.iterations // effort.restarts))]
    if seconds is not None:
        stops.append(MaxRuntime(max(0.01, seconds)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it finds hard is said by the plan
        result = ils.run(MultipleCriteria(stops), collect_stats=False)
    return [(route.vehicle_type(), _clients(route)) for route in result.best.routes() if route.is_feasible()]


def _clients(route: Any) -> tuple[int, ...]:
    return tuple(activity.idx for activity in route if activity.is_client())


class _Keeping:
    """Keeps every feasible day that the search comes by. Quacks as PyVRP's callbacks."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    def on_iteration(self, current: Any, candidate: Any, best: Any, _evaluator: Any) -> None:
        for route in candidate.routes():
            if route.is_feasible():
                self.pool.add(route.vehicle_type(), _clients(route), route.duration(), route.prizes())

    def on_start(self, ils: Any) -> None: ...
    def on_end(self, result: Any) -> None: ...
    def on_restart(self, best: Any) -> None: ...
    def on_best(self, best: Any) -> None: ...


def _worth(model: _Model, routes: Routes) -> float:
    """Prizes less the price of time, in the solver's units."""
    import pyvrp

    total = 0.0
    for kind, clients in routes:
        route = pyvrp.Route(model.data, list(clients), kind)
        total += route.prizes() - route.duration_cost()
        total += sum(PRIZES for client in clients if model.week.visits[model.clients[client][0]].must)
    return total


def _chosen(model: _Model, pool: Pool, seconds: float) -> Routes:
    """The days of the pool that fit together best: set packing, one route a day, each visit once."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    routes = [(kind, order, cost) for (kind, _set), (cost, order, _prizes) in pool.routes.items() if order]
    if not routes or seconds <= 0:
        return []
    visits, kinds = len(model.week.visits), len(model.kinds)
    found = sorted(((_gain(model, order, cost), kind, order) for kind, order, cost in routes), key=lambda row: -row[0])
    found = found[:MOST_CHOSEN]
    rows, columns = [], []
    for number, (_gained, kind, order) in enumerate(found):
        places = [*(model.clients[client][0] for client in order), visits + kind]
        rows += places
        columns += [number] * len(places)
    matrix = csr_array((np.ones(len(rows)), (rows, columns)), shape=(visits + kinds, len(found)))
    most = np.concatenate([np.ones(visits), [len(days) for days in model.kinds]])
    result = milp(
        -np.array([gained for gained, _kind, _order in found]) / PRIZES,
        integrality=np.ones(len(found)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix, ub=most),
        options={"time_limit": seconds, "mip_rel_gap": 0},
    )
    if result.x is None:
        return []
    return [(kind, order) for (_gained, kind, order), taken in zip(found, result.x, strict=True) if taken > 0.5]


# So many of the days that bring most are looked at together.
MOST_CHOSEN = 12_000


def _gain(model: _Model, order: tuple[int, ...], cost: float) -> float:
    """What a route brings, in the solver's units; agreed visits before all else."""
    gain = -cost * model.second
    for client in order:
        visit = model.week.visits[model.clients[client][0]]
        gain += round(max(0.0, visit.value) * model.scale) + PRIZES * visit.must
    return gain
