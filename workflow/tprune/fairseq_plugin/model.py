"""`--arch tprune_transformer`: a Transformer built from model.json, started from model.safetensors."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from fairseq.models import register_model, register_model_architecture
from safetensors.torch import load_file

from tprune.model.architecture import Architecture
from tprune.model.checkpoint import load_weights
from tprune.model.transformer import Transformer


@register_model("tprune_transformer")
class PluginTransformer(Transformer):
    """The library's Transformer with the command-line options fairseq needs."""

    @staticmethod
    def add_args(parser: ArgumentParser) -> None:
        """Add the model's own options."""
        parser.add_argument("--architecture-file", metavar="JSON", help="sizes of every layer (model.json)")
        parser.add_argument("--initial-weights", metavar="SAFETENSORS", help="start from these weights")

    @classmethod
    def build_model(cls, args: Namespace, task: Any) -> "PluginTransformer":
        """Build from --architecture-file; weights from --initial-weights where given."""
        model = cls(Architecture.read(args.architecture_file), task.source_dictionary, task.target_dictionary)
        if args.initial_weights:
            load_weights(model, load_file(Path(args.initial_weights)), args.initial_weights)
        return model


@register_model_architecture("tprune_transformer", "tprune_transformer")
def defaults(args: Namespace) -> None:
    """Nothing to fill in: every size stands in --architecture-file."""
    args.initial_weights = getattr(args, "initial_weights", None)
