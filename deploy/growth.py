"""Whether a curve bends upwards. Pure; points are pairs of a size and what was measured, the smallest size first."""

import math

# The cost of one may grow by so many percent from a point to the next.
TOLERANCE = 15


def each(points):
    """What is measured is the cost of one already."""
    return points


def further(points):
    """What each one since the point before has added, in KB."""
    return [(x, 1000 * (y - y0) / (x - x0)) for (x0, y0), (x, y) in zip(points, points[1:])]


def share(points):
    """The part of the whole cost that falls to each one."""
    return [(x, y / x) for x, y in points]


def growth(costs):
    """How much more one costs than at the point before, in percent."""
    return [100 * (cost / before - 1) for (_, before), (_, cost) in zip(costs, costs[1:])]


def slopes(points):
    """Between neighbours, on two logarithmic axes."""
    return [math.log(y / y0) / math.log(x / x0) for (x0, y0), (x, y) in zip(points, points[1:])]


def sags(points):
    """How far each inner point lies below the straight line between its neighbours, in percent."""
    triples = zip(points, points[1:], points[2:])
    return [100 * (1 - y / (y0 + (y1 - y0) * (x - x0) / (x1 - x0))) for (x0, y0), (x, y), (x1, y1) in triples]


def verdict(wanted, found):
    word = "met" if all(percent <= TOLERANCE for percent in found) else "MISSED"
    return f"{word}: {wanted}, found {', '.join(f'{percent:+.1f} %' for percent in found)}"
