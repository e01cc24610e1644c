"""Times the Hoyer-square gradient beside a whole update and prints its share.

    python tests/benchmarks/penalty_cost.py [--updates N] [...]

Updates (forward, backward, clipping, Adam) with and without the penalty alternate, on random sentences.
Prints the time of the penalty's pass within its update, and the difference between the two kinds of
updates, both as a share of an update without it, with a 95 % bootstrap interval. Ends with an error when
the pass takes more than 3 % of an update.
"""

import argparse
import sys
import time

import numpy as np
import torch

from tprune.fairseq_plugin.criterion import label_smoothed_loss
from tprune.lines.coupled_sets import coupled_sets
from tprune.model.architecture import Architecture, AttentionShape, LayerShape, StackShape
from tprune.model.transformer import Transformer
from tprune.penalties.hoyer_square import HoyerSquare

LIMIT = 0.03
STRENGTH = 0.01
LENGTH = 25  # pieces of a sentence
WARM_UP = 2  # updates of either kind


def build(options: argparse.Namespace) -> Transformer:
    """A dense pre-norm model with shared embeddings, as the default configuration trains it."""
    attention = AttentionShape.dense(options.d_model, options.num_heads)
    encoder = StackShape((LayerShape(attention, options.ffn_dim),) * options.layers, True, True, False, 1024)
    decoder = StackShape(
        (LayerShape(attention, options.ffn_dim, attention),) * options.layers, True, True, False, 1024
    )
    size = options.vocabulary
    return Transformer(Architecture(options.d_model, size, size, encoder, decoder, "all")).train()


class Updates:
    """Takes updates of one model, with or without the penalty."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.model = build(options)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4, fused=True)
        self.penalty = HoyerSquare(dict.fromkeys(coupled_sets(self.model.architecture), STRENGTH))
        self.sentences = max(options.max_tokens // LENGTH, 1)
        self.vocabulary = options.vocabulary

    def take(self, penalised: bool) -> tuple[float, float]:
        """Seconds of the update and, of these, of the penalty's pass."""
        source, target = torch.randint(4, self.vocabulary, (2, self.sentences, LENGTH))
        lengths = torch.full((self.sentences,), LENGTH)
        started = time.perf_counter()
        logits, _ = self.model(source, lengths, target)
        loss, _ = label_smoothed_loss(logits.flatten(0, 1), target.flatten(), 0.1)
        (loss / target.numel()).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        before = time.perf_counter()
        if penalised:
            self._penalise()
        after = time.perf_counter()
        self.optimizer.step()
        self.optimizer.zero_grad()
        return time.perf_counter() - started, after - before

    @torch.no_grad()
    def _penalise(self) -> None:
        parameters = dict(self.model.named_parameters())
        weights = {name: p.detach() for name, p in parameters.items()}
        self.penalty.add_gradient(weights, {n: p.grad for n, p in parameters.items() if p.grad is not None})


def share(part: list[float], whole: list[float]) -> tuple[float, float, float]:
    """Median of `part` as a share of the median of `whole`, with its 95 % interval by bootstrap."""
    generator = np.random.default_rng(1)
    drawn = [
        np.median(generator.choice(part, len(part))) / np.median(generator.choice(whole, len(whole)))
        for _ in range(5000)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(np.median(part) / np.median(whole)), float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, value in {
        "updates": 30,
        "threads": 2,
        "max-tokens": 1024,
        "vocabulary": 4000,
        "d-model": 256,
        "ffn-dim": 1024,
        "num-heads": 4,
        "layers": 3,
    }.items():
        parser.add_argument(f"--{name}", type=int, default=value, help=f"{value} unless given")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    updates = Updates(options)
    plain, penalised, passes = [], [], []
    for i in range(options.updates + WARM_UP):
        without, _ = updates.take(penalised=False)
        with_it, of_it = updates.take(penalised=True)
        if i >= WARM_UP:
            plain.append(without)
            penalised.append(with_it)
            passes.append(of_it)
    mean, low, high = share(passes, plain)
    print(f"an update: {np.median(plain):.4f} s; the penalty's pass: {np.median(passes):.5f} s")
    print(f"the pass is {mean:.2%} of an update [{low:.2%}, {high:.2%}]")
    mean_difference, low_difference, high_difference = (value - 1 for value in share(penalised, plain))
    print(f"updates with it take {mean_difference:+.2%} [{low_difference:+.2%}, {high_difference:+.2%}]")
    if mean > LIMIT:
        sys.exit(f"more than {LIMIT:.0%} of an update")


if __name__ == "__main__":
    main()
