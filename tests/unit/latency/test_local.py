from pathlib import Path

import pytest

from tprune.compaction.ctranslate2_export import export
from tprune.config.devices import Device
from tprune.errors import TPruneError
from tprune.latency.access import Access
from tprune.latency.assignment import Settings, list_artefacts, make_job
from tprune.latency.ctranslate2_engine import CTranslate2Engine
from tprune.latency.job import Artefact
from tprune.latency.kinds import measure_device
from tprune.latency.protocol import longest_output, read_sentences
from tprune.latency.run_job import available_memory, groups_that_fit, load_engine
from tprune.model.architecture import Architecture
from tprune.model.transformer import Transformer

SETTINGS = Settings([1, 4], threads=1, sentences=100, warm_up=2, seed=1)
LOCAL = Device("local", "local", "", "ctranslate2", 1, (1, 4), ("float32", "int8"))


def test_forced_length_is_exact_for_every_beam_and_dtype(artefacts: list[Artefact]) -> None:
    for artefact in artefacts[:2]:
        engine = CTranslate2Engine(artefact.directory, artefact.candidate.dtype, 1)
        for beam in (1, 4):
            for length in (1, 2, 7, 63):
                assert engine.translate(["p1", "p2", "p3"], beam, length) == length


def test_forced_length_holds_where_the_model_would_end_at_once(
    tmp_path: Path, uneven: Architecture, pieces: list[str]
) -> None:
    model = Transformer(uneven).eval()
    end = pieces.index("</s>")
    model.decoder.layer_norm.bias.data = 100 * model.decoder.output_projection.weight.data[end]
    export(model, pieces, pieces, tmp_path / "model", "float32")
    engine = CTranslate2Engine(tmp_path / "model", "float32", 1)
    for beam in (1, 4):
        assert engine.translate(["p1", "p2"], beam, None) == 1
        assert engine.translate(["p1", "p2"], beam, 9) == 9


def test_own_outputs_are_bounded(artefacts: list[Artefact]) -> None:
    engine = CTranslate2Engine(artefacts[0].directory, "float32", 1)
    assert engine.translate(["p1"], 1, None) <= longest_output(1)


def test_broken_folder_and_dtype_are_named(tmp_path: Path, artefacts: list[Artefact]) -> None:
    with pytest.raises(TPruneError, match=r"absent.config\.json"):
        CTranslate2Engine(tmp_path / "absent", "float32", 1)
    (artefacts[0].directory / "model.bin").write_bytes(b"nonsense")
    with pytest.raises(TPruneError, match=r"control.float32: CTranslate2 cannot load it"):
        CTranslate2Engine(artefacts[0].directory, "float32", 1)
    with pytest.raises(TPruneError, match=r"latency\.dtypes: int3 is not computed on this CPU"):
        CTranslate2Engine(artefacts[0].directory, "int3", 1)


def test_measuring_end_to_end(artefacts: list[Artefact], encoded: tuple[Path, Path]) -> None:
    job = make_job("ctranslate2", artefacts, *encoded, SETTINGS)
    samples, signature = measure_device(LOCAL, job, Access())
    # 12 pairs, one without a reference and one longer than the positions.
    assert len(samples) == len(set(samples)) == 2 * 2 * 2 * 2 * 10
    expected = {s.number: s.reference_length for s in read_sentences(*encoded)}
    assert {sample.sentence for sample in samples} == set(range(12)) - {3, 4}
    for sample in samples:
        assert sample.seconds > 0
        if sample.length == "forced":
            assert sample.output_tokens == expected[sample.sentence]
    assert {sample.model for sample in samples} == {"control", "shs_0.01_0.2"}
    assert signature["engine"]["name"] == "ctranslate2"
    assert signature["sentences"] == 10
    assert signature["dtypes"] == ["float32", "int8"]
    assert signature["beams"] == [1, 4]
    assert len(signature["pinned_cores"]) == signature["threads"] == 1
    assert {"cpu_share_of_others", "load_average_before", "load_average_after", "quiet"} <= set(signature)


def test_scarce_memory_splits_by_dtype(artefacts: list[Artefact]) -> None:
    assert groups_that_fit(artefacts, 10**12) == groups_that_fit(artefacts, None) == [artefacts]
    assert groups_that_fit(artefacts, 0) == [artefacts[0::2], artefacts[1::2]]


def test_folders_must_match_the_grid() -> None:
    grid = [{"method": "control", "strength": "0", "threshold": "0"}]
    with pytest.raises(TPruneError, match="2 models and dtypes, but 1 folders"):
        list_artefacts(grid, ["float32", "int8"], ["one"])


def test_available_memory_is_read(tmp_path: Path) -> None:
    assert (available_memory() or 0) > 1e6
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 9 kB\nMemAvailable:    3 kB\n", encoding="utf-8")
    assert available_memory(meminfo) == 3 * 1024
    assert available_memory(tmp_path / "absent") is None


def test_unknown_engine_and_broken_model_are_named_with_the_device(
    artefacts: list[Artefact], encoded: tuple[Path, Path]
) -> None:
    with pytest.raises(TPruneError, match="engine abacus: unknown"):
        load_engine("abacus", artefacts[0], 1)
    job = make_job("ctranslate2", artefacts, *encoded, SETTINGS)
    (artefacts[0].directory / "model.bin").write_bytes(b"nonsense")
    with pytest.raises(TPruneError, match=r"device local: .*control.float32: CTranslate2 cannot load it"):
        measure_device(LOCAL, job, Access())
