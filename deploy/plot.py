"""One plot as SVG: few points, each with its value, readable on light and on dark paper.

No library: matplotlib draws for one paper only, and would be the only Python package that this needs.
"""

import math
from html import escape

WIDTH, HEIGHT = 680, 380
LEFT, RIGHT, TOP, BOTTOM = 64, 40, 70, 58
# Of each line: on light paper, on dark paper (the first colours of Okabe and Ito, which most people can tell apart).
COLOURS = [("#0072b2", "#56b4e9"), ("#b84a00", "#f0a050")]
STYLE = """
.paper { fill: #ffffff } .value { stroke: #ffffff } .grid { stroke: #dddddd } .axis { stroke: #666666 } text { fill: #222222 }
@media (prefers-color-scheme: dark) {
.paper { fill: #14171a } .value { stroke: #14171a } .grid { stroke: #34393e } .axis { stroke: #9aa0a6 } text { fill: #e6e6e6 } DARK }
text { font: 13px system-ui, sans-serif } .title { font-weight: 600; font-size: 15px } .middle { text-anchor: middle }
.end { text-anchor: end } polyline { fill: none; stroke-width: 2 } .value { font-weight: 600; text-anchor: middle;
stroke-width: 4px; paint-order: stroke }
"""


def shown(number):
    """A measured number for people: at least three digits, and thousands apart."""
    digits = 0 if number == 0 else max(0, 2 - math.floor(math.log10(abs(number))))
    return f"{number:,.{digits}f}"


def step_of(most):
    """The distance of the grid's lines: 1, 2 or 5 times a power of ten, four to eight of them."""
    rough = most / 5
    power = 10 ** math.floor(math.log10(rough))
    return min((factor * power for factor in (1, 2, 5, 10)), key=lambda step: abs(math.log(step / rough)))


def style():
    """Of everything, and of each line by its number."""
    light = " ".join(f".l{n} {{ stroke: {a} }} .f{n}, .value.f{n} {{ fill: {a} }}" for n, (a, _) in enumerate(COLOURS))
    dark = " ".join(f".l{n} {{ stroke: {b} }} .f{n}, .value.f{n} {{ fill: {b} }}" for n, (_, b) in enumerate(COLOURS))
    return light + STYLE.replace("DARK", dark)


def svg(title, across, upwards, lines, decades):
    """`lines`: by name, the points of each. `decades`: whether sizes go by powers of ten, so that their axis does."""
    scale = math.log10 if decades else float
    sizes = sorted({x for points in lines.values() for x, _ in points})
    low, high = (scale(sizes[0]), scale(sizes[-1])) if decades else (0.0, float(sizes[-1]))
    most = 1.15 * max(y for points in lines.values() for _, y in points)
    step = step_of(most)
    inner = 24 if decades else 0

    def at_x(x):
        return LEFT + inner + (scale(x) - low) / ((high - low) or 1) * (WIDTH - LEFT - RIGHT - inner)

    def at_y(y):
        return HEIGHT - BOTTOM - y / most * (HEIGHT - TOP - BOTTOM)

    def text(x, y, classes, words):
        return f'<text x="{x:.1f}" y="{y:.1f}" class="{classes}">{escape(words)}</text>'

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img">',
        f"<title>{escape(title)}</title><style>{style()}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>',
        text(16, 24, "title", title),
        text(16, 46, "", upwards),
        text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "middle", across),
    ]
    for number in range(math.floor(most / step) + 1):
        y = at_y(number * step)
        line = "axis" if number == 0 else "grid"
        parts.append(f'<line class="{line}" x1="{LEFT}" x2="{WIDTH - RIGHT + 12}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(text(LEFT - 8, y + 4, "end", f"{number * step:,g}"))
    for x in sizes:
        y = HEIGHT - BOTTOM
        parts.append(f'<line class="axis" x1="{at_x(x):.1f}" x2="{at_x(x):.1f}" y1="{y}" y2="{y + 5}"/>')
        parts.append(text(at_x(x), y + 20, "middle", f"{x:,.10g}"))
    for number, (name, points) in enumerate(lines.items()):
        places = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in points)
        parts.append(f'<polyline class="l{number}" points="{places}"/>')
        for x, y in points:
            above = all(y > other or (y == other and number == 0)
                        for rest in lines.values() if rest is not points for at, other in rest if at == x)
            parts.append(f'<circle class="f{number}" cx="{at_x(x):.1f}" cy="{at_y(y):.1f}" r="4"/>')
            parts.append(text(at_x(x), at_y(y) + (-10 if above else 21), f"value f{number}", shown(y)))
        if len(lines) > 1:
            x = WIDTH - RIGHT - 130 * (len(lines) - number) + 20
            parts.append(f'<circle class="f{number}" cx="{x}" cy="20" r="4"/>' + text(x + 10, 24, "", name))
    return "\n".join(parts) + "\n</svg>\n"
