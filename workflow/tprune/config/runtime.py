"""Minutes that training jobs are given by a scheduler: an estimate from the sizes of model and batch."""

from tprune.config.preflight import count_weights
from tprune.config.settings import Settings

START_MINUTES = 20
# One core of a server of 2020 or later does an update of 6.5 million weights on 1,024 tokens in 0.7 s (bssl,
# RESULTS/benchmarks); four times as long is allowed.
SECONDS_PER_WEIGHT_AND_TOKEN = 4 * 0.7 / (6.5e6 * 1024)
# What a queue commonly takes is a day; an hour of it is for the small jobs in a training's group, whose times
# add up. A job that is not through by then is tried again, and goes on from its last checkpoint: an estimate
# that is too low loses the updates since, no more.
LONGEST_MINUTES = 23 * 60


def training(settings: Settings, updates: int) -> int:
    """A job of so many updates."""
    seconds = SECONDS_PER_WEIGHT_AND_TOKEN * count_weights(settings) * settings.training.max_tokens * updates
    return min(LONGEST_MINUTES, START_MINUTES + round(seconds / 60))
