"""How many touches (or orders) each customer has: few have many."""


def skewed(places: int, total: int, most: int) -> list[int]:
    """So many for each place, most first, which add up to `total`: about most / place^a, with the a that fits."""
    if places <= 0 or total <= 0:
        return [0] * max(0, places)
    most = min(most, total)
    low, high = 0.0, 5.0
    for _ in range(60):
        middle = (low + high) / 2
        if sum(most * place**-middle for place in range(1, places + 1)) > total:
            low = middle
        else:
            high = middle
    counts = [round(most * place**-high) for place in range(1, places + 1)]
    missing, place = total - sum(counts), 1
    while missing:
        step = 1 if missing > 0 else -1 if counts[place % places] > 0 else 0
        counts[place % places] += step
        missing -= step
        place += 1
    return counts
