from dataclasses import replace

import pytest
from graphs import graph, wildcards

from tprune.config.settings import Settings
from tprune.plan.durations import Durations
from tprune.plan.forecast import Machine, forecast
from tprune.plan.job_graph import Job
from tprune.plan.measurements import Measurement
from tprune.plan.page import duration, page, table
from tprune.plan.schedule import StatusChecks

THRESHOLDS = [f"0.{digit}" for digit in range(1, 9)]
GRAPH = graph(
    Job("corpus", {}, 1, finished=True),
    *(Job("compact", wildcards(threshold=each), 1, (0,)) for each in THRESHOLDS),
    Job("latency_local", {}, 2, tuple(range(1, 9)), exclusive=True),
    Job("tables", {}, 1, (9,)),
)
MEASURED = [
    Measurement("corpus", {}, 5, 0, 0),
    Measurement("compact", wildcards(threshold="0.1"), 90, 0, 0),
    Measurement("compact", wildcards(threshold="0.2"), 110, 0, 0),
    Measurement("latency_local", {}, 20, 0, 0),
    Measurement("tables", {}, 1, 0, 0),
]


@pytest.fixture
def durations() -> Durations:
    return Durations(MEASURED, Settings(), Settings())


def test_more_nodes_end_earlier_for_the_same_core_hours_down_to_the_critical_path(durations) -> None:
    found = forecast(GRAPH, durations, [1, 2, 4, 16], Machine(2, False, 0.0, 3.0))
    walls = [row.wall.expected for row in found.rows]
    # Eight jobs of 100 s, two of them known to take 90 and 110, on 2, 4, 8 and 32 cores.
    assert walls == [3 + 5 + 400 + 21, 3 + 5 + 200 + 21, 3 + 5 + 110 + 21, 3 + 5 + 110 + 21]
    assert found.path_seconds == walls[-1]
    assert [str(job) for job, _ in found.path] == [
        *("corpus", "compact (method shs, strength 0.1, threshold 0.2)", "latency_local", "tables")
    ]
    core_hours = (5 + 800 + 2 * 20 + 1) / 3600
    assert [row.core_hours.expected for row in found.rows] == pytest.approx(4 * [core_hours])
    assert found.rows[0].busy == pytest.approx(core_hours * 3600 / (2 * walls[0]))
    assert found.rows[0].wall.low == 3 + 5 + 4 * 90 + 21 and found.rows[0].wall.high == 3 + 5 + 4 * 110 + 21


def test_starting_jobs_costs_each_of_them(durations) -> None:
    free, dear = (forecast(GRAPH, durations, [1], Machine(2, False, each)).rows[0] for each in (0, 10))
    assert dear.wall.expected - free.wall.expected == (1 + 4 + 1 + 1) * 10


def test_on_a_cluster_ends_are_seen_late_without_costing_cores_and_few_jobs_are_submitted(durations) -> None:
    prompt = Machine(2, True, 0.0)
    late, one = replace(prompt, checks=StatusChecks(30, 0, 30)), replace(prompt, jobs=1)
    first, second, third = (forecast(GRAPH, durations, [1], each) for each in (prompt, late, one))
    assert second.rows[0].core_hours == first.rows[0].core_hours
    # The corpus's end is seen after 30 s, the eight's after 420 more, latency's and tables' after 30 each.
    assert second.rows[0].wall.expected == 30 + 420 + 30 + 30
    assert third.rows[0].wall.expected == 5 + 800 + 20 + 1
    assert forecast(GRAPH, durations, [16], one).rows[0].wall == third.rows[0].wall


def test_the_page_shows_what_is_left_and_the_table_has_all(durations) -> None:
    machine = Machine(2, False, 0.5, 3.0)
    found = {
        scope: forecast(each, durations, [1, 4], machine)
        for scope, each in {"all": GRAPH, "left": GRAPH.left()}.items()
    }
    text = page("all", "5 benchmarks in results/small", found, durations, machine)
    assert "Times from 5 benchmarks in results/small." in text
    assert "All jobs, from nothing: 11 jobs" in text and "What is left: 10 jobs" in text
    assert "| latency_local " in text and "starting one takes 0.50 s" in text
    written = table(found, 2)
    assert list(written["scope"]) == ["all", "all", "left", "left"] and list(written["nodes"]) == [1, 4, 1, 4]
    left = written.set_index(["scope", "nodes"])["wall_seconds"]
    assert left["all", 1] - left["left", 1] == 5.5


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (59.4, "59 s"),
        (60, "1 min 00 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 00 min"),
        (100_000, "27 h 47 min"),
        (200_000, "2 d 08 h"),
    ],
)
def test_times_read_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text
