"""A stock fairseq `transformer` checkpoint as our Transformer, with the same outputs."""

import logging
import re
from argparse import Namespace
from pathlib import Path
from typing import Any, Literal

from fairseq.data import Dictionary
from fairseq.models import ARCH_MODEL_NAME_REGISTRY
from fairseq.models.transformer.transformer_legacy import base_architecture
from torch import Tensor

from tprune.errors import TPruneError
from tprune.model.architecture import Architecture, AttentionShape, LayerShape, Stack, StackShape
from tprune.model.checkpoint import load_weights
from tprune.model.embedding import PAD
from tprune.model.state_names import current_names
from tprune.model.transformer import Transformer
from tprune.model.weights_only import read_weights_only

logger = logging.getLogger(__name__)

Options = dict[str, Any]
Weights = dict[str, Tensor]

# Options under which a stock model computes something ours cannot.
_UNSUPPORTED = (
    "adaptive_input",
    "adaptive_softmax_cutoff",
    "base_layers",
    "char_inputs",
    "cross_self_attention",
    "decoder_layers_to_keep",
    "encoder_layers_to_keep",
    "merge_src_tgt_embed",
    "no_cross_attention",
    "no_token_positional_embeddings",
    "scale_attn",
    "scale_fc",
    "scale_heads",
    "scale_resids",
)
_POSITIONS = {"max_source_positions": 1024, "max_target_positions": 1024}  # fairseq's defaults
_ACTIVATIONS = ("relu", "gelu")
_TRAINING_ONLY = (
    "attention_dropout",
    "activation_dropout",
    "encoder_layerdrop",
    "decoder_layerdrop",
    "quant_noise_scalar",
)


def load_fairseq_checkpoint(
    path: str | Path, source_dictionary: str | Path, target_dictionary: str | Path
) -> Transformer:
    """The model in `path` (a .pt that fairseq-train wrote), in evaluation mode and float32, on the CPU.

    `source_dictionary` and `target_dictionary` are the dict.LANG.txt files it was trained with. Sizes come
    from the weights, the rest from the options stored beside them. Raises TPruneError when the pickle
    would run code, when the dictionaries are of other sizes, and for each option that this project's
    Transformer cannot represent, naming it.
    """
    stored = read_weights_only(path)
    if not isinstance(stored["model"], dict):
        raise TPruneError(f"{path}: not a fairseq checkpoint: it has no `model`")
    options = _options(stored, path)
    _refuse_unsupported(options, path)
    weights = current_names(stored["model"])
    dictionaries = _read_dictionary(source_dictionary), _read_dictionary(target_dictionary)
    try:
        architecture = _architecture(options, weights, path)
    except KeyError as error:
        raise TPruneError(f"{path}: not a whole `transformer`: there is no {error.args[0]}") from error
    _check_dictionary(architecture.source_vocabulary, dictionaries[0], source_dictionary, path)
    _check_dictionary(architecture.target_vocabulary, dictionaries[1], target_dictionary, path)
    if architecture.share_embeddings == "all" and dictionaries[0] != dictionaries[1]:
        raise TPruneError(
            f"{source_dictionary} and {target_dictionary} differ, but {path} shares all embeddings: "
            "it was trained with one joined dictionary; give that as both"
        )
    model = Transformer(architecture, *dictionaries)
    _refuse_unknown(weights, model, path)
    load_weights(model, {name: value.float() for name, value in weights.items()}, path)
    return model.eval()


def _options(stored: dict[str, Any], path: str | Path) -> Options:
    """The model's options under their command-line names, those that were not stored at their defaults."""
    cfg = stored["cfg"]
    found = cfg.get("model") if isinstance(cfg, dict) and cfg else stored["args"]
    if not isinstance(found, dict):
        raise TPruneError(f"{path}: not a fairseq checkpoint: neither cfg.model nor args is in it")
    options: Options = {}
    for name, value in found.items():  # nested where fairseq-hydra-train wrote it
        if name in ("encoder", "decoder", "quant_noise") and isinstance(value, dict):
            options |= {f"{name}_{key}": entry for key, entry in value.items()}
        else:
            options[name] = value
    # Read without omegaconf, a reference to another option stays one: that option's default is meant.
    options = {name: value for name, value in options.items() if not str(value).startswith("${")}
    for name in ("encoder_attention_heads", "decoder_attention_heads"):
        if name not in options:  # the one size that neither the weights nor a check would show to be wrong
            raise TPruneError(f"{path}: not a stock fairseq transformer: its options lack {name}")
    if "max_positions" in options:  # before source and target had their own
        for name in _POSITIONS:
            options.setdefault(name, options["max_positions"])
    complete = Namespace(**{**_POSITIONS, **options})
    base_architecture(complete)
    return vars(complete)


def _refuse_unsupported(options: Options, path: str | Path) -> None:
    arch = options.get("arch") or options.get("_name") or "transformer"
    of_model = ARCH_MODEL_NAME_REGISTRY.get(arch, "transformer")  # one of the user's own: the weights decide
    if of_model != "transformer":
        raise TPruneError(f"{path}: arch {arch} is fairseq's model {of_model}, not transformer")
    for name in _UNSUPPORTED:
        if options.get(name):
            raise TPruneError(f"{path}: its option {name} ({options[name]}) is not supported")
    if options["activation_fn"] not in _ACTIVATIONS:
        raise TPruneError(
            f"{path}: its option activation_fn ({options['activation_fn']}) is not supported, "
            f"only {' and '.join(_ACTIVATIONS)}"
        )
    for name in ("decoder_embed_dim", "decoder_input_dim", "decoder_output_dim"):
        if int(options[name]) != int(options["encoder_embed_dim"]):
            raise TPruneError(
                f"{path}: its option {name} ({options[name]}) differs from encoder_embed_dim "
                f"({options['encoder_embed_dim']}), which is not supported"
            )
    for name in _TRAINING_ONLY:
        if options.get(name):
            logger.info("%s: %s (%s) is not used when it is trained on", path, name, options[name])


def _architecture(options: Options, weights: Weights, path: str | Path) -> Architecture:
    embedding = weights["encoder.embed_tokens.weight"]
    share: Literal["all", "decoder", "none"] = "none"
    if options["share_all_embeddings"]:
        share = "all"
    elif options["share_decoder_input_output_embed"]:
        share = "decoder"
    return Architecture(
        d_model=embedding.shape[1],
        source_vocabulary=embedding.shape[0],
        target_vocabulary=weights["decoder.embed_tokens.weight"].shape[0],
        encoder=_stack("encoder", options, weights, path),
        decoder=_stack("decoder", options, weights, path),
        share_embeddings=share,
        activation=options["activation_fn"],
        scale_embedding=not options["no_scale_embedding"],
        dropout=float(options["dropout"]),
    )


def _stack(stack: Stack, options: Options, weights: Weights, path: str | Path) -> StackShape:
    numbers = [re.match(rf"{stack}\.layers\.(\d+)\.", name) for name in weights]
    count = max((int(number[1]) + 1 for number in numbers if number), default=0)
    d_model = weights[f"{stack}.embed_tokens.weight"].shape[1]
    attention = AttentionShape.dense(d_model, int(options[f"{stack}_attention_heads"]))
    positions = weights.get(f"{stack}.embed_positions.weight")
    if positions is not None:
        max_positions = positions.shape[0] - PAD - 1
    else:
        max_positions = int(options["max_source_positions" if stack == "encoder" else "max_target_positions"])
    return StackShape(
        layers=tuple(
            LayerShape(
                self_attention=attention,
                ffn_dim=weights[f"{stack}.layers.{layer}.fc1.weight"].shape[0],
                cross_attention=attention if stack == "decoder" else None,
            )
            for layer in range(count)
        ),
        pre_norm=bool(options[f"{stack}_normalize_before"]),
        # Not from options: old versions and no_decoder_final_norm leave it out.
        final_norm=f"{stack}.layer_norm.weight" in weights,
        learned_positions=positions is not None,
        max_positions=max_positions,
        embedding_norm=bool(options["layernorm_embedding"]),
    )


def _read_dictionary(path: str | Path) -> Dictionary:
    try:
        return Dictionary.load(str(path))
    # fairseq raises what comes: FileNotFoundError, ValueError, RuntimeError, a bare Exception.
    except Exception as error:
        raise TPruneError(f"{path}: cannot be read as a fairseq dictionary ({error})") from error


def _check_dictionary(rows: int, dictionary: Dictionary, file: str | Path, path: str | Path) -> None:
    if len(dictionary) != rows:
        raise TPruneError(
            f"{file}: {len(dictionary)} entries (4 of them fairseq's own), but {path} was trained with "
            f"{rows}; give the dict.LANG.txt that stands beside its training data"
        )


def _refuse_unknown(weights: Weights, model: Transformer, path: str | Path) -> None:
    unknown = sorted(set(weights) - set(model.state_dict()))
    if unknown:
        raise TPruneError(
            f"{path}: its weights {', '.join(unknown[:3])}{' ...' if len(unknown) > 3 else ''} are no part "
            "of fairseq's transformer; a model that was extended cannot be loaded"
        )
