"""A drawing of shares over months, without a script or a picture file. Knows no database."""

LEFT, TOP, WIDTH, HEIGHT = 34, 8, 640, 120


def trend_svg(labels, lines):
    """Draw shares in percent as lines.

    :param list[str] labels: one for each point in time, two at least
    :param lines: [(colour, [value or None])]; what is not known leaves its point out
    """
    step = WIDTH / (len(labels) - 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 26} {TOP + HEIGHT + 22}"'
        ' width="100%" role="img" style="display:block">'
    ]
    for level in (0, 25, 50, 75, 100):
        parts.append(
            f'<line x1="{LEFT}" y1="{_y(level)}" x2="{LEFT + WIDTH}" y2="{_y(level)}" stroke="#8886" stroke-width="0.5"/>'
            f'<text x="{LEFT - 5}" y="{_y(level) + 3}" text-anchor="end" font-size="9" fill="#888">{level}</text>'
        )
    for index, label in enumerate(labels):
        parts.append(
            f'<text x="{round(LEFT + index * step, 1)}" y="{TOP + HEIGHT + 14}" text-anchor="middle" font-size="9"'
            f' fill="#888">{label}</text>'
        )
    for colour, values in lines:
        points = [(round(LEFT + index * step, 1), _y(value)) for index, value in enumerate(values) if value is not None]
        if len(points) > 1:
            path = " ".join(f"{x},{y}" for x, y in points)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x}" cy="{y}" r="2.6" fill="{colour}"/>' for x, y in points]
    parts.append("</svg>")
    return "".join(parts)


def _y(value):
    return round(TOP + HEIGHT - HEIGHT * value / 100, 1)
