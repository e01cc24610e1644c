# What jobs ask a scheduler for, from estimates in tprune.config.memory and tprune.config.runtime, and which
# small jobs go together. On this machine alone Snakemake heeds the threads; memory where --resources bounds it.

import inspect

from snakemake.common import overwrite_function_params
from snakemake.exceptions import WorkflowError

from tprune.config import memory, runtime
from tprune.training import slurm


def told_once(function):
    """Snakemake inspects a function's parameters anew for each job, which a plan of ten thousand feels."""
    overwrite_function_params(function, inspect.signature(function).parameters)
    return function


def growing(amount):
    """More at each attempt: for a job that was killed for its memory or its time."""
    return told_once(lambda wildcards, attempt: amount * attempt)


def training_time(updates):
    """Growing minutes, up to what a queue commonly takes: asked for more, it would refuse the job."""
    minutes = runtime.training(settings, updates)
    return told_once(
        lambda wildcards, attempt: min(minutes * attempt, runtime.LONGEST_MINUTES)
    )


def on_each_node(threads):
    """Threads of a training whose processes take so many each: those on one of its nodes."""
    return threads * settings.training.processes // settings.training.nodes


def several_nodes():
    """What a training asks for besides when it takes more than one node, of Slurm's plugin for Snakemake.

    With `mpi` the plugin starts the script once, on the first node, and not as a step of the job, and leaves the
    steps to it; `mem_mb` and threads are each node's, `gpu` all nodes' together.
    """
    training = settings.training
    if training.nodes == 1:
        return {}
    on_each = training.gpus // training.nodes
    return {
        "nodes": training.nodes,
        "tasks": training.nodes,
        "mpi": "srun",
        "tasks_per_gpu": 0,
        "slurm_extra": "--ntasks-per-node=1"
        + (f" --gpus-per-node={on_each}" if on_each else ""),
    }


def need_slurm():
    """Other schedulers, and this machine alone, give a job one node only."""
    through_slurm = workflow.executor_plugin.name == "slurm"
    if settings.training.nodes > 1 and not through_slurm:
        slurm.need_slurm(settings.training.nodes)


def whole_machine():
    """Threads of a job that shares its machine with no other: here, all cores.

    On a cluster, whose profiles give no number of cores, it has a node for itself by exclusive allocation and
    needs the cores that it times on.
    """
    try:
        return workflow.cores
    except WorkflowError:
        return settings.latency.threads


def timing_resources():
    """What a job that times models on a device takes, and what it needs to reach the device."""
    return dict(
        mem_mb=growing(memory.timing(settings)),
        runtime=growing(60),
        exclusive=1,
        slurm_extra="--exclusive",
        keep=int(settings.devices.keep),
        connect_timeout=settings.devices.connect_timeout,
        ssh_config=settings.devices.ssh_config or "",
        page_host=settings.devices.page_host,
        page_port=settings.devices.page_port,
        page_timeout=settings.devices.page_timeout,
        page_certificate=settings.devices.page_certificate or "",
        page_key=settings.devices.page_key or "",
        # Which boards need it is not known before they are asked, so it is no input.
        board_bundle=f"{RESULTS}/bundle/bundle.tar.gz",
    )


def timing_parameters(device):
    """What shapes a timing on a device, but the models."""
    return dict(
        device=device.measured(),
        sentences=settings.latency.sentences,
        warm_up=settings.latency.warm_up,
        cool_down=0.0 if device.kind == "local" else settings.devices.cool_down,
        seed=settings.seed,
    )


@told_once
def pruning_group(wildcards):
    """A point's lines are chosen in the job that fine-tunes it, but where a rival waits for them.

    A training on several nodes has a job to itself.
    """
    if settings.training.nodes > 1:
        return None
    awaited = [
        ("shs", label(m.strength), label(m.threshold), "0")
        for m in settings.magnitude.matches
    ]
    awaited += [
        ("shs", label(settings.shs.strengths[0]), "0", label(speedup))
        for speedup in requested_speedups(settings, "magnitude_matched")
    ]
    by_speedup = wildcards.method == "magnitude" and wildcards.speedup != "0"
    if tuple(wildcards[:4]) in awaited or by_speedup:
        return None
    return "-".join(["prune", *wildcards])
