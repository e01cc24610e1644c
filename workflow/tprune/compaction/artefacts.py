"""The whole stage for one model: compact it, export it, and prove that nothing changed."""

import logging
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

from tprune.atomic import write_json
from tprune.compaction.check import check_engine, check_equal, check_same_output
from tprune.compaction.compact import compact
from tprune.compaction.ctranslate2_export import Quantization, export
from tprune.compaction.sentences import SentencePairs, read_dictionary
from tprune.errors import TPruneError
from tprune.lines.selection import Selection
from tprune.model.checkpoint import load_model, save_model

logger = logging.getLogger(__name__)

CHECKED_SENTENCES = 200
CHECKED_BEAM = 4  # not `latency.beams`: changing that key must not make every model again


@dataclass(frozen=True)
class Masked:
    """The model to compact; `lines` is None for a model of which nothing was pruned."""

    weights: str | Path
    architecture: str | Path
    lines: str | Path | None


@dataclass(frozen=True)
class CheckText:
    """Dictionaries of the data-bin and the encoded sentences the check is made on."""

    source_dictionary: str | Path
    target_dictionary: str | Path
    source: str | Path
    target: str | Path


@dataclass(frozen=True)
class Artefacts:
    """What the stage writes."""

    weights: str | Path
    architecture: str | Path
    float32: str | Path
    int8: str | Path
    check: str | Path


def count_parameters(weights: str | Path) -> int:
    """The numbers stored in a safetensors file, a shared matrix once; reads only its header."""
    try:
        with safe_open(str(weights), framework="pt") as file:
            return sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise TPruneError(f"{weights}: cannot be read as safetensors ({error})") from error


def make_artefacts(masked: Masked, text: CheckText, output: Artefacts, threads: int) -> None:
    """Write the compact model, its two CTranslate2 forms and, last, check.json.

    What is checked and exported is the model read back from its file. Raises TPruneError when it
    is not equal to the masked one (see `tprune.compaction.check`).
    """
    full = load_model(masked.weights, masked.architecture)
    small = compact(full, Selection.read(masked.lines) if masked.lines else None)
    save_model(small, output.weights, output.architecture)
    small = load_model(output.weights, output.architecture)

    source_dictionary = read_dictionary(text.source_dictionary)
    target_dictionary = read_dictionary(text.target_dictionary)
    vocabularies = list(source_dictionary.symbols), list(target_dictionary.symbols)
    forms: dict[Quantization, str | Path] = {"float32": output.float32, "int8": output.int8}
    for quantization, directory in forms.items():
        export(small, *vocabularies, directory, quantization)

    stacks = full.architecture.stacks.values()
    longest = min(stack.max_positions for stack in stacks) - 1
    pairs = SentencePairs.read(
        text.source, text.target, source_dictionary, target_dictionary, CHECKED_SENTENCES, longest
    )
    logits = check_equal(full, small, pairs.batches())
    with tempfile.TemporaryDirectory(dir=Path(output.check).parent) as scratch:
        reference = Path(scratch) / "masked"
        export(full, *vocabularies, reference, "float32")
        ties = check_same_output(reference, output.float32, pairs.sources, CHECKED_BEAM, threads)
    engine = check_engine(small, output.float32, pairs, threads)

    write_json(
        output.check,
        {
            "max_logit_difference": logits.difference,
            "max_logit_difference_float64": logits.difference_float64,
            "largest_logit": logits.largest_logit,
            "sentences": len(pairs.sources),
            "beam": CHECKED_BEAM,
            "ties": ties,
            "max_engine_difference": engine,
            "parameters": count_parameters(output.weights),
            "parameters_masked": count_parameters(masked.weights),
        },
    )
    logger.info("%s equals %s", output.weights, masked.weights)
