import pytest
from graphs import wildcards

from tprune.config.settings import Settings
from tprune.plan.durations import Durations, Estimate
from tprune.plan.job_graph import Job
from tprune.plan.measurements import Measurement
from tprune.training.progress import Pace

SMALL = {
    "training": {"max_tokens": 1000, "threads": 1},
    "baseline": {"updates": 100, "warmup_updates": 10, "threads": 1},
    "prune": {"thresholds": [0.5], "fine_tuning_updates": 20},
    "latency": {"sentences": 10, "warm_up": 0, "beams": [1], "dtypes": ["float32"]},
}


def settings(**edits: dict[str, object]) -> Settings:
    merged = {key: {**value, **edits.pop(key, {})} for key, value in SMALL.items()}
    return Settings.model_validate({"magnitude": {"matches": []}, **merged, **edits})


def measured(rule: str, seconds: float, pace: Pace | None = None, **values: str) -> Measurement:
    return Measurement(rule, values, seconds, 0.0, 0.0, pace)


def job(rule: str, threads: int = 1, **values: str) -> Job:
    return Job(rule, values, threads)


BASELINE = measured("baseline", 15, Pace(100, 0.1))  # 5 s of start-up
FETCH = measured("fetch_bible", 1)


def durations(*jobs: Measurement, **edits: dict[str, object]) -> Durations:
    return Durations(jobs, settings(), settings(**edits))


def test_the_same_configuration_takes_the_measured_time() -> None:
    found = durations(BASELINE, FETCH)
    assert found.estimate(job("baseline")) == pytest.approx(Estimate(15, 15, 15))
    assert found.estimate(job("fetch_bible")) == Estimate(1, 1, 1)


@pytest.mark.parametrize(
    ("threads", "edits", "seconds"),
    [
        (1, {"baseline": {"updates": 1000}}, 5 + 1000 * 0.1),
        (1, {"training": {"max_tokens": 4000}}, 5 + 100 * 0.4),
        (4, {}, 5 + 100 * 0.1 / 4),
    ],
)
def test_training_grows_with_updates_and_tokens_but_not_its_start_up(threads, edits, seconds) -> None:
    assert durations(BASELINE, **edits).estimate(job("baseline", threads)).expected == pytest.approx(seconds)


def test_cores_of_several_processes_are_all_counted() -> None:
    """Measured on two processes, planned for two: as measured."""
    of_two = settings(training={"processes": 2})
    found = Durations([BASELINE], of_two, of_two)
    assert found.estimate(job("baseline", 2)).expected == pytest.approx(15)


def test_a_resumed_training_is_known_by_its_pace_and_not_by_its_length() -> None:
    """Its benchmark and log tell of the last ten updates alone."""
    found = durations(measured("baseline", 6, Pace(10, 0.1)))
    assert found.estimate(job("baseline")).expected == pytest.approx(5 + 100 * 0.1)


def test_without_a_pace_the_whole_job_but_the_shortest_start_grows() -> None:
    found = durations(measured("baseline", 11), FETCH, baseline={"updates": 200})
    assert found.estimate(job("baseline")).expected == pytest.approx(1 + 10 * 2)
    assert "no pace of updates in the logs of baseline" in found.assumptions(["baseline"])[0]


def test_the_most_like_job_is_taken_and_the_spread_of_the_like() -> None:
    found = durations(
        measured("compact", 4, **wildcards(threshold="0.5")),
        measured("compact", 6, **wildcards(threshold="0.9")),
        measured("compact", 30, **wildcards(method="baseline", strength="0", threshold="0")),
    )
    assert found.estimate(job("compact", **wildcards(threshold="0.9"))) == Estimate(4, 6, 6)
    assert found.estimate(job("compact", **wildcards(threshold="0.7"))) == Estimate(4, 5, 6)
    assert found.estimate(job("compact", **wildcards(method="group_lasso"))).high == 30


def test_latency_grows_with_models_sentences_and_beams() -> None:
    found = durations(
        measured("latency_local", 11),
        FETCH,
        latency={"sentences": 20, "beams": [1, 4]},
        shs={"strengths": [1.0]},
    )
    models = (2 + 1) / (2 + 2)  # baseline, control and the points of one and of two strengths
    assert found.estimate(job("latency_local")).expected == pytest.approx(1 + 10 * models * 2 * 5)
    (said,) = found.assumptions(["latency_local"])
    assert said.startswith("latency_local: 7.5 times the work that was measured (models x sentences x beams)")


def test_translating_the_training_text_grows_with_the_teachers_beam() -> None:
    found = durations(measured("translate_training_text", 11), FETCH, prune={"teacher_beam": 8})
    assert found.estimate(job("translate_training_text")).expected == pytest.approx(1 + 10 * 8 / 4)


def test_a_latency_model_grows_with_the_widths_that_are_timed() -> None:
    found = durations(measured("latency_model", 11), FETCH, ablations={"slim": {"d_model": 96}})
    assert found.estimate(job("latency_model")).expected == pytest.approx(1 + 10 * 2)


def test_what_was_not_measured_is_said_and_guessed() -> None:
    found = durations(BASELINE, FETCH, measured("encode", 3))
    assert found.estimate(job("scratch")).expected == pytest.approx(5 + (100 + 200 + 20) * 0.1)
    assert found.estimate(job("summary_page")).expected == 2
    said = " ".join(found.assumptions(["scratch", "summary_page", "encode"]))
    assert "not measured: scratch; taken: as the other training jobs" in said
    assert "not measured: summary_page; taken: the mean" in said and "encode" not in said


def test_other_sizes_of_the_model_are_said_not_scaled() -> None:
    found = durations(BASELINE, model={"d_model": 512})
    assert found.assumptions(["baseline"]) == [
        "the measured run had another model: nothing is scaled for that; measure one with the same for times "
        "that can be relied on"
    ]
