"""Where labels of points go: beside their points, over no other label and no mark."""

import itertools

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from tprune.figures.labels import place_labels


@pytest.mark.parametrize(
    "points",
    [
        [(0.5, 0.5), (0.53, 0.5)],  # side by side
        [(0.5, 0.5), (0.5, 0.53)],  # one above the other
        [(0.5, 0.5), (0.53, 0.5), (0.56, 0.5)],
        [(0.5, 0.999)],  # at the edge
    ],
)
def test_labels_hide_neither_each_other_nor_a_mark_nor_leave_the_panel(points) -> None:
    figure = Figure(figsize=(5, 4), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    panel = figure.subplots()
    panel.set(xlim=(0, 1), ylim=(0, 1))
    # A point without a label counts too.
    for x, y in [*points, (0.5, 0.42)]:
        panel.errorbar(x, y, fmt="*", markersize=11)
    labels = [panel.annotate("0.001 / 0.5", xy, xytext=(0, 0), textcoords="offset points") for xy in points]
    place_labels(figure, labels)
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in labels]
    half = 11 / 2 * figure.dpi / 72
    centres = panel.transData.transform([*points, (0.5, 0.42)])
    marks = [Bbox.from_extents(x - half, y - half, x + half, y + half) for x, y in centres]
    assert not [pair for pair in itertools.combinations(boxes, 2) if Bbox.intersection(*pair)]
    assert not [mark for mark, box in itertools.product(marks, boxes) if Bbox.intersection(mark, box)]
    for box in boxes:
        assert panel.bbox.x0 <= box.x0 and box.x1 <= panel.bbox.x1
        assert panel.bbox.y0 <= box.y0 and box.y1 <= panel.bbox.y1


def test_a_label_with_nothing_near_stands_above_its_point() -> None:
    figure = Figure(figsize=(5, 4))
    FigureCanvasAgg(figure)
    panel = figure.subplots()
    panel.plot([0, 1], [0, 1], "o")
    label = panel.annotate("here", (0.5, 0.5), xytext=(0, 0), textcoords="offset points")
    place_labels(figure, [label])
    box = label.get_window_extent()
    x, y = panel.transData.transform((0.5, 0.5))
    assert box.y0 > y and (box.x0 + box.x1) / 2 == pytest.approx(x, abs=1)
