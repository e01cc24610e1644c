"""Is what the target `plan` foretells true? Runs the workflow with some numbers of slots and compares.

Each number of slots is run from nothing in a copy of the tree, then foretold from the benchmarks of every
other run. With --profile the slots are jobs at a scheduler, which must be running, else this machine's cores.

    python -m tests.benchmarks.plan_check                                             # 1 and 2 cores
    python -m tests.benchmarks.plan_check --profile workflow/profiles/slurm --within 0.2
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import yaml

from tests.conftest import copy_tree, run_snakemake


def run(tree: Path, slots: int, options: argparse.Namespace) -> float:
    """Run the whole workflow in `tree`; the seconds from the call to its end."""
    where = ["--profile", options.profile, "--jobs"] if options.profile else ["--cores"]
    started = time.monotonic()
    run_snakemake(tree, "all", *where, str(slots), "--configfile", *options.configfile)
    return time.monotonic() - started


def foretold(tree: Path, slots: int, options: argparse.Namespace) -> float:
    """Seconds that `plan` foretells for so many slots from what was run in `tree`."""
    override = tree / "slots.yaml"
    plan = {"nodes": [1], "cores_per_node": slots, "submitted": bool(options.profile)}
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
    parser.add_argument("--profile", help="a profile of workflow/profiles, for a run through a scheduler")
    parser.add_argument("--within", type=float, help="fail where a forecast is off by more than this share")
    parser.add_argument("--folder", type=Path, help="where the runs stay; a temporary folder otherwise")
    options = parser.parse_args()
    off = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
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
