"""The same day in plain Python: no mosaik, no Deno, no agents.

Prints a list of rows as JSON, one for each step.
"""

import json

from day import DAY, LIMITS, STEP, TURBINES, wind_at


def power_at(wind, rated):
    if wind < 30 or wind >= 250:
        return 0
    return rated * (min(wind, 120) ** 3 - 30**3) // (120**3 - 30**3)


def fair_shares(available, total):
    """Who wants least is served first; the rest share alike."""
    shares = [0] * len(available)
    order = sorted(range(len(available)), key=lambda index: available[index])
    while order and available[order[0]] <= total // len(order):
        index = order.pop(0)
        shares[index] = available[index]
        total -= available[index]
    for place, index in enumerate(sorted(order)):
        shares[index] = total // len(order) + (place < total % len(order))
    return shares


def row_at(time):
    available = [
        power_at(wind_at(time) * it["reached"] // 1_000, it["rated"])
        for it in TURBINES
    ]
    limit = max(it for it in LIMITS if it[0] <= time)[1]
    cap = limit if sum(available) > limit else None
    return {
        "time": time,
        "available": sum(available),
        "cap": cap,
        "turbines": fair_shares(available, sum(available) if cap is None else cap),
    }


if __name__ == "__main__":
    print(json.dumps([row_at(time) for time in range(0, DAY, STEP)]))
