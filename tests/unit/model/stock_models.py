"""Small models of stock fairseq, built from its own command line and saved by its own trainer."""

import copy
import functools
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from fairseq import options, tasks
from fairseq.data import Dictionary, data_utils
from fairseq.dataclass.utils import convert_namespace_to_omegaconf, omegaconf_no_object_check
from fairseq.models import FairseqEncoderDecoderModel
from fairseq.trainer import Trainer
from omegaconf import DictConfig
from torch import Tensor

PAD, EOS = 1, 2
SIZES = ["--encoder-embed-dim", "16", "--decoder-embed-dim", "16"]
SIZES += ["--encoder-ffn-embed-dim", "24", "--decoder-ffn-embed-dim", "20"]
SIZES += ["--encoder-layers", "2", "--decoder-layers", "2"]
SIZES += ["--encoder-attention-heads", "4", "--decoder-attention-heads", "4"]

EACH_OPTION = {
    "defaults": [],
    "pre_norm": ["--encoder-normalize-before", "--decoder-normalize-before"],
    "pre_norm_encoder_only": ["--encoder-normalize-before"],
    "pre_norm_decoder_only": ["--decoder-normalize-before"],
    "no_decoder_final_norm": ["--decoder-normalize-before", "--no-decoder-final-norm"],
    "share_all": ["--share-all-embeddings"],
    "share_decoder": ["--share-decoder-input-output-embed"],
    "learned_encoder_positions": ["--encoder-learned-pos", "--max-source-positions", "30"],
    "learned_decoder_positions": ["--decoder-learned-pos", "--max-target-positions", "31"],
    "embedding_norm": ["--layernorm-embedding"],
    "no_scale_embedding": ["--no-scale-embedding"],
    "gelu": ["--activation-fn", "gelu"],
    "uneven_depth": ["--encoder-layers", "3", "--decoder-layers", "1"],
    "uneven_heads": ["--encoder-attention-heads", "2", "--decoder-attention-heads", "8"],
    "no_layers": ["--encoder-layers", "0", "--decoder-layers", "0"],
}


def random_options(seed: int) -> list[str]:
    """A mixture: of each group of options that exclude one another, one or none."""
    generator = torch.Generator().manual_seed(seed)
    groups = [
        ["pre_norm", "pre_norm_encoder_only", "pre_norm_decoder_only", "no_decoder_final_norm"],
        ["share_all", "share_decoder"],
        *([name] for name in EACH_OPTION if name.startswith(("learned", "embedding", "no_scale", "gelu"))),
        ["uneven_depth"],
        ["uneven_heads"],
    ]
    chosen = []
    for group in groups:
        pick = int(torch.randint(0, len(group) + 1, (1,), generator=generator))
        chosen += EACH_OPTION[group[pick]] if pick < len(group) else []
    return chosen


@dataclass
class Stock:
    """A stock model, its trainer, and the files beside it."""

    model: FairseqEncoderDecoderModel
    task: Any
    trainer: Trainer
    folder: Path

    @property
    def dictionaries(self) -> tuple[Path, Path]:
        return self.folder / "dict.src.txt", self.folder / "dict.tgt.txt"

    def save(self) -> Path:
        path = self.folder / "checkpoint.pt"
        self.trainer.consolidate_optimizer()
        self.trainer.save_checkpoint(str(path), {"train_iterator": {"epoch": 1}, "best": 3.5})
        return path


def write_dictionary(path: Path, letter: str, count: int) -> None:
    made = Dictionary()
    for i in range(count):
        made.add_symbol(f"{letter}{i}")
    made.save(str(path))


def stock(folder: Path, arguments: list[str], seed: int = 0) -> Stock:
    """No parameter is left at 0 or 1, so that biases and norms count; the model is in evaluation mode."""
    joined = "--share-all-embeddings" in arguments
    write_dictionary(folder / "dict.src.txt", "t" if joined else "s", 14)
    write_dictionary(folder / "dict.tgt.txt", "t", 14 if joined else 17)
    argv = [str(folder), "--arch", "transformer", *SIZES, *arguments]
    torch.manual_seed(seed)
    cfg = configuration(options.parse_args_and_arch(options.get_training_parser(), argv))
    task = tasks.setup_task(cfg.task)
    model = task.build_model(cfg.model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.2 * torch.randn_like(parameter)
    return Stock(model.eval(), task, Trainer(cfg, task, model, task.build_criterion(cfg.criterion)), folder)


def configuration(arguments: Namespace) -> DictConfig:
    """As fairseq makes it; what takes half a second is done once."""
    cfg = copy.deepcopy(converted())
    with omegaconf_no_object_check():
        cfg.model = Namespace(**vars(arguments), _name=arguments.arch)
    cfg.task.data = arguments.data
    return cfg


@functools.cache
def converted() -> DictConfig:
    argv = ["", "--source-lang", "src", "--target-lang", "tgt", "--arch", "transformer", "--cpu"]
    argv += ["--optimizer", "adam", "--lr", "0.1", "--max-tokens", "100"]
    return convert_namespace_to_omegaconf(options.parse_args_and_arch(options.get_training_parser(), argv))


def batch(stock: Stock, seed: int = 0, left_pad_source: bool = True) -> dict[str, Tensor]:
    """Four pairs of unequal lengths, as fairseq collates them: sources padded left, targets right."""
    generator = torch.Generator().manual_seed(seed)

    def sentences(vocabulary: int) -> list[Tensor]:
        lengths = torch.randint(1, 9, (4,), generator=generator).tolist()
        drawn = [torch.randint(4, vocabulary, (length,), generator=generator) for length in lengths]
        return [torch.cat([tokens, torch.tensor([EOS])]) for tokens in drawn]

    sources = sentences(len(stock.task.source_dictionary))
    targets = sentences(len(stock.task.target_dictionary))
    return {
        "src_tokens": data_utils.collate_tokens(sources, PAD, left_pad=left_pad_source),
        "src_lengths": torch.tensor([len(tokens) for tokens in sources]),
        "prev_output_tokens": data_utils.collate_tokens(targets, PAD, EOS, move_eos_to_beginning=True),
    }
