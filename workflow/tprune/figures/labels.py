"""Labels at points, each where it hides no other label and no point."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

# Offsets in points, with the alignment that turns the label away from its point: first come, first tried.
PLACES = (
    *((0, 8, "center", "bottom"), (0, -8, "center", "top")),
    *((8, 6, "left", "bottom"), (8, -6, "left", "top"), (-8, 6, "right", "bottom"), (-8, -6, "right", "top")),
    *((0, 20, "center", "bottom"), (0, -20, "center", "top")),
)


def place_labels(figure: Figure, labels: Sequence[Annotation]) -> None:
    """Move every label to the first of `PLACES` around its point that is free, else to where it hides least.

    The first label chooses first. All are annotations of points in data coordinates, in panels of `figure`,
    whose axes must have their final limits and all their marks.
    """
    for label in labels:
        label.set_in_layout(False)  # or where a label stands would move the panels
    figure.draw_without_rendering()
    panels: dict[Axes, list[Annotation]] = {}
    for label in labels:
        assert isinstance(label.axes, Axes)
        panels.setdefault(label.axes, []).append(label)
    for panel, own in panels.items():
        taken = []
        for line in panel.get_lines():
            if line.get_marker() in ("None", "", None):
                continue
            half = line.get_markersize() / 2 * figure.dpi / 72
            for x, y in panel.transData.transform(line.get_xydata()):
                taken.append(Bbox.from_extents(x - half, y - half, x + half, y + half))
        for label in own:
            hidden = {place: _hidden(label, place, taken) for place in PLACES}
            _move(label, min(hidden, key=hidden.__getitem__))
            taken.append(label.get_window_extent())


def _hidden(label: Annotation, place: tuple[float, float, str, str], taken: Sequence[Bbox]) -> float:
    """Area that the label would hide there, in square pixels, outside its panel too."""
    _move(label, place)
    box = label.get_window_extent()
    assert label.axes is not None
    inside = Bbox.intersection(box, label.axes.bbox)
    outside = box.width * box.height - (inside.width * inside.height if inside else 0.0)
    shared = (Bbox.intersection(box, other) for other in taken)
    return round(outside + sum(found.width * found.height for found in shared if found), 3)


def _move(label: Annotation, place: tuple[float, float, str, str]) -> None:
    x, y, horizontal, vertical = place
    label.set_position((x, y))
    label.set(horizontalalignment=horizontal, verticalalignment=vertical)
