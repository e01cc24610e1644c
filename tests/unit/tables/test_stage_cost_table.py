"""Seconds of the stages add up, over the models still compared."""

import dataclasses
import re
from pathlib import Path

import pytest

from tprune.errors import TPruneError
from tprune.tables import stage_cost
from tprune.tables.points import Point

RULES = Path(__file__).parents[3] / "workflow" / "rules"
HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"
POINTS = [Point("shs", "0.01", "0.35"), Point("magnitude", "0"), Point("scratch-shallow")]
CONFIGURED = stage_cost.Configured(POINTS, ["0.02"], ["160"], False, ["local"])


def plant(path: Path, seconds: float, rss: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + f"{seconds}\t0:00:01\t{rss}\t1\t1\t1\t0\t0\t99\t1\n")


def test_costs_add_up(tmp_path: Path) -> None:
    plant(tmp_path / "baseline/baseline.tsv", 60.0, "900.5")
    plant(tmp_path / "shs/method~shs/strength~0.01/repeat~1.tsv", 20.0, "700")
    plant(tmp_path / "shs/method~magnitude/strength~0/repeat~1.tsv", 10.0, "-")
    plant(
        tmp_path / "shs/method~shs/strength~0.5/repeat~1.tsv", 1000.0, "700"
    )  # a strength of an earlier config
    plant(tmp_path / "prune/method~shs/strength~0.01/threshold~0.35/speedup~0/repeat~1.tsv", 10.0, "-")
    plant(tmp_path / "figures/trade_off.tsv", 5.0, "200")

    table = stage_cost.build(tmp_path, CONFIGURED)

    assert list(table["stage"]) == ["baseline", "shs", "prune"]
    assert list(table["jobs"]) == [1, 2, 1]
    assert list(table["seconds"]) == [60.0, 30.0, 10.0]
    assert list(table["share"]) == [0.6, 0.3, 0.1]
    assert list(table["longest_seconds"]) == [60.0, 20.0, 10.0]
    assert list(table["max_rss_mb"])[:2] == [900.5, 700.0]
    assert table["max_rss_mb"].isna()[2]
    assert "| all      |    4 |     100 | 100.0 %" in stage_cost.render(table)


def test_jobs_of_an_earlier_configuration_are_left_out(tmp_path: Path) -> None:
    plant(tmp_path / "bssl/strength~0.02.tsv", 30.0, "700")
    plant(tmp_path / "bssl/strength~0.2.tsv", 1000.0, "700")
    plant(tmp_path / "scratch/scratch-shallow/repeat~1.tsv", 40.0, "700")
    plant(tmp_path / "scratch/scratch-thin/repeat~1.tsv", 1000.0, "700")
    plant(tmp_path / "narrow/d_model~160.tsv", 8.0, "700")
    plant(tmp_path / "narrow/d_model~128.tsv", 1000.0, "700")
    plant(tmp_path / "width/method~shs/line_importance.tsv", 2.0, "700")
    plant(tmp_path / "width/method~shs/speedup~9.tsv", 1000.0, "700")
    plant(tmp_path / "distillation/translate_training_text.tsv", 1000.0, "700")
    plant(tmp_path / "latency/device~local.tsv", 50.0, "700")
    plant(tmp_path / "latency/device~sold.tsv", 1000.0, "700")
    plant(tmp_path / "latency/summary/device~sold.tsv", 1000.0, "700")
    plant(tmp_path / "latency/costs.tsv", 1.0, "700")
    table = stage_cost.build(tmp_path, CONFIGURED)
    seconds = dict(zip(table["stage"], table["seconds"], strict=True))
    assert seconds == {"narrow": 8.0, "width": 2.0, "bssl": 30.0, "scratch": 40.0, "latency": 51.0}
    taught = stage_cost.build(tmp_path, dataclasses.replace(CONFIGURED, distillation=True))
    assert dict(zip(taught["stage"], taught["seconds"], strict=True)) == {**seconds, "distillation": 1000.0}


def test_every_stage_is_found_where_its_rules_write() -> None:
    for stage in stage_cost.STAGES:
        text = (RULES / f"{stage}.smk").read_text()
        paths = re.findall(r'"{RESULTS}/benchmarks/(.+)\.tsv"', text)
        assert paths, f"{stage}.smk names no benchmark"
        assert {path.split("/")[0] for path in paths} == {stage}


def test_no_benchmark_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TPruneError, match=str(tmp_path)):
        stage_cost.build(tmp_path, CONFIGURED)
