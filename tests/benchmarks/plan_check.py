"""Is what the target `plan` foretells true? Runs the workflow with some numbers of slots and compares.

Each number of slots is run from nothing in a copy of the tree, then foretold from the benchmarks of every
other run. With --slurm the slots are jobs at a Slurm of one node that is started for it, else cores.

    python -m tests.benchmarks.plan_check --within 0.2
    python -m tests.benchmarks.plan_check --within 0.2 --slurm
"""

import argparse
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import pandas as pd
import yaml

from tests.cluster.slurm import Slurm
from tests.conftest import copy_tree, run_snakemake

PROFILE = "workflow/profiles/slurm"


def run(tree: Path, slots: int, options: argparse.Namespace) -> float:
    """Run the whole workflow in `tree`; the seconds from the call to its end."""
    where = ["--profile", PROFILE, "--jobs"] if options.slurm else ["--cores"]
    started = time.monotonic()
    run_snakemake(tree, "all", *where, str(slots), "--configfile", *options.configfile)
    return time.monotonic() - started


def foretold(tree: Path, slots: int, options: argparse.Namespace) -> float:
    """Seconds that `plan` foretells for so many slots from what was run in `tree`."""
    override = tree / "slots.yaml"
    # A slot of Slurm is a job on its one node, whatever its cores.
    cores = os.cpu_count() if options.slurm else slots
    plan = {"nodes": [1], "cores_per_node": cores, "jobs": slots, "submitted": options.slurm}
    override.write_text(yaml.safe_dump({"plan": plan}))
    run_snakemake(tree, "plan", "--cores", "1", "--configfile", *options.configfile, override.name)
    (written,) = tree.glob("results/**/plan/plan.csv")
    table = pd.read_csv(written).set_index("scope")
    return float(table.loc["all", "wall_seconds"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--slots", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--configfile", nargs="+", default=["config/smoke.yaml"])
    parser.add_argument("--slurm", action="store_true", help="through Slurm and its profile")
    parser.add_argument("--within", type=float, help="fail where a forecast is off by more than this share")
    parser.add_argument("--folder", type=Path, help="where the runs stay; a temporary folder otherwise")
    options = parser.parse_args()
    off = []
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = options.folder or Path(temporary)
        if options.slurm:
            (Path(temporary) / "slurm").mkdir()
            Path(temporary).chmod(0o755)
            slurm = stack.enter_context(Slurm(Path(temporary) / "slurm", "compute"))
            os.environ.update(slurm.settings)
        trees = {slots: copy_tree(folder / f"{slots}-slots") for slots in options.slots}
        measured = {}
        for slots, tree in trees.items():
            measured[slots] = run(tree, slots, options)
            print(f"{slots} slots took {measured[slots]:.1f} s", flush=True)
        print("\n| slots | foretold from | foretold (s) | measured (s) | ratio |")
        print("|---:|---:|---:|---:|---:|")
        for slots in options.slots:
            for source, tree in trees.items():
                seconds = foretold(tree, slots, options)
                ratio = seconds / measured[slots]
                print(
                    f"| {slots} | {source} | {seconds:.1f} | {measured[slots]:.1f} | {ratio:.2f} |",
                    flush=True,
                )
                if source != slots:
                    off.append(abs(ratio - 1))
    if options.within is not None and max(off, default=0) > options.within:
        sys.exit(f"off by {max(off):.0%}, more than {options.within:.0%}")


if __name__ == "__main__":
    main()
