"""The bench's table says what is short and by how much."""

from bench.browser import Answer
from bench.counting import HEADER
from bench.pages import measure
from bench.table import Figure, Line, lines_text, verdict


def test_a_figure_beyond_its_limit_is_short_by_the_rest():
    lines = [
        Line("Today", {"SQL": Figure(12, 12), "KB": Figure(61.26, 60, 1)}),
        Line("two workers", {"times": Figure(1.64, 1.7, decimals=2, least=True)}, "shared machine"),
        Line("floor", {"SQL": Figure(3)}),
    ]

    assert [row.split() for row in lines_text("Pages", lines).splitlines()] == [
        ["Pages"],
        ["SQL", "KB", "times"],
        ["Today", *"12 (≤ 12) 61.3 (≤ 60) short by 1.3 KB".split()],
        ["two", "workers", *"1.64 (≥ 1.7) short by 0.06 times; shared machine".split()],
        ["floor", "3"],
    ]
    assert verdict(lines) == "3 lines, 2 short: Today, two workers"


def test_cpu_is_what_a_process_used_between_two_of_its_answers():
    """Two processes answer in turn, 20 ms of CPU each time; the one has used a second before."""
    told = iter(f"{n % 2} {(1 if n % 2 else 0) + n / 100:.6f} {5 + n % 3}" for n in range(1_000))

    cost = measure(lambda _n: Answer(200, b"<p>", 0.025, {HEADER: next(told)}))

    assert cost is not None
    assert (round(cost.cpu, 3), cost.sql, cost.size, cost.p50) == (20.0, 7, 3, 25.0)


def test_a_page_that_may_not_be_seen_is_not_measured():
    assert measure(lambda _n: Answer(403, b"", 0.001, {})) is None
