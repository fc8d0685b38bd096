"""The day that is simulated: wind, turbines, and what the grid takes."""

STEP = 900
DAY = 86_400

TURBINES = [
    {"rated": 3_000_000, "reached": reached}
    for reached in [1_000, 955, 910, 870, 825]
]

# From a second of the day on, in watts.
LIMITS = [
    [0, 12_000_000],
    [6 * 3_600, 7_500_000],
    [10 * 3_600, 4_000_000],
    [14 * 3_600, 6_000_000],
    [18 * 3_600, 9_000_000],
    [21 * 3_600, 12_000_000],
]

# At each full hour, in tenths of m/s.
WIND = [
    *[62, 58, 55, 60, 71, 84, 98, 110, 117, 121, 118, 112],
    *[104, 92, 78, 66, 70, 83, 99, 116, 131, 128, 109, 94, 82],
]


def wind_at(time):
    """The wind between the hours, with a little unrest."""
    hour, second = divmod(time, 3_600)
    calm = (WIND[hour] * (3_600 - second) + WIND[hour + 1] * second) // 3_600
    return calm + time // STEP * 7_919 % 9 - 4
