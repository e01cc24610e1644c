# What jobs ask a scheduler for, from estimates in tprune.config.memory and tprune.config.runtime, and which
# small jobs go together. On this machine alone Snakemake heeds the threads; memory where --resources bounds it.

from snakemake.exceptions import WorkflowError

from tprune.config import memory, runtime


def growing(amount):
    """More at each attempt: for a job that was killed for its memory or its time."""
    return lambda wildcards, attempt: amount * attempt


def training_time(updates):
    """Growing minutes, up to what a queue commonly takes: asked for more, it would refuse the job."""
    minutes = runtime.training(settings, updates)
    return lambda wildcards, attempt: min(minutes * attempt, runtime.LONGEST_MINUTES)


def whole_machine():
    """Threads of a job that shares its machine with no other: here, all cores.

    On a cluster, whose profiles give no number of cores, it has a node for itself by exclusive allocation and
    needs the cores that it times on.
    """
    try:
        return workflow.cores
    except WorkflowError:
        return settings.latency.threads


def pruning_group(wildcards):
    """A point's lines are chosen in the job that fine-tunes it, but where magnitude waits for them."""
    chosen = (wildcards.method, wildcards.strength, wildcards.threshold)
    if chosen in [
        ("shs", label(m.strength), label(m.threshold))
        for m in settings.magnitude.matches
    ]:
        return None
    return "prune-{}-{}-{}".format(*chosen)
