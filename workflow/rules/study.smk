# The study: what the headline table says of the methods, for the target `study`.

from tprune.config.difference import difference
from tprune.study.document import command
from tprune.study.families import OURS, TAUGHT_SCRATCH

# What is compared is timed on the reference device.
study_settings = [
    (dtype, beam) for dtype in this_machine.dtypes for beam in this_machine.beams
]
placed = {
    **dict.fromkeys(other_widths(settings), OURS),
    **dict.fromkeys(taught_scratch(settings), TAUGHT_SCRATCH),
}
updates_after_baseline = {
    name: settings.shs.updates + method_of(settings, name).fine_tuning_updates
    for name in ["control", *shs_methods(settings)]
}


rule study_points:
    input:
        headline=f"{RESULTS}/tables/headline.csv",
    output:
        csv=f"{RESULTS}/study/points.csv",
        markdown=f"{RESULTS}/study/points.md",
    log:
        f"{RESULTS}/logs/study/points.log",
    benchmark:
        f"{RESULTS}/benchmarks/study/points.tsv"
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        placed=placed,
    message:
        "Averaging every operating point over its seeds"
    script:
        "../scripts/study_points.py"


rule study_comparison:
    input:
        points=f"{RESULTS}/study/points.csv",
    output:
        areas=f"{RESULTS}/study/areas.csv",
        equal_latency=f"{RESULTS}/study/equal_latency.csv",
        goals=f"{RESULTS}/study/goals.csv",
        goals_markdown=f"{RESULTS}/study/goals.md",
    log:
        f"{RESULTS}/logs/study/comparison.log",
    benchmark:
        f"{RESULTS}/benchmarks/study/comparison.tsv"
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        ours=penalised_by_shs(settings),
        updates=updates_after_baseline,
    message:
        "Comparing the methods' fronts"
    script:
        "../scripts/study_comparison.py"


rule study_figures:
    input:
        points=f"{RESULTS}/study/points.csv",
        areas=f"{RESULTS}/study/areas.csv",
    output:
        trade_offs=report(
            [
                f"{RESULTS}/study/trade_off_{dtype}_beam{beam}.{figure_format}"
                for dtype, beam in study_settings
            ],
            caption="../report/study_trade_off.rst",
            category="1 Results",
        ),
        areas=report(
            f"{RESULTS}/study/areas.{figure_format}",
            caption="../report/study_areas.rst",
            category="1 Results",
        ),
    log:
        f"{RESULTS}/logs/study/figures.log",
    benchmark:
        f"{RESULTS}/benchmarks/study/figures.tsv"
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        settings=study_settings,
        dpi=settings.figures.dpi,
    message:
        "Drawing the methods' fronts"
    script:
        "../scripts/study_figures.py"


rule study_docs:
    input:
        rules.study_points.output,
        rules.study_comparison.output,
        rules.study_figures.output,
        headline=f"{RESULTS}/tables/headline.csv",
        areas=f"{RESULTS}/study/areas.csv",
        equal_latency=f"{RESULTS}/study/equal_latency.csv",
        goals=f"{RESULTS}/study/goals.csv",
        signature=f"{RESULTS}/latency/{this_machine.name}/signature.json",
        lines=f"{RESULTS}/tables/lines.csv",
        stage_cost=f"{RESULTS}/tables/stage_cost.csv",
        weak_penalty=f"{RESULTS}/tables/weak_penalty.csv",
        widths=rules.widths_table.output.csv if len(compared_widths) > 1 else [],
        budget=f"{RESULTS}/latency/local/budget.csv",
        latency_model=(
            f"{RESULTS}/latency/local/latency_model.json"
            if any(point["speedup"] != "0" for point in grid)
            else []
        ),
        # Of a given checkpoint nothing is known of its training.
        valid_loss=(
            []
            if settings.baseline.checkpoint
            else f"{RESULTS}/baseline/valid_loss.csv"
        ),
    output:
        folder=directory(f"{RESULTS}/study/docs"),
    log:
        f"{RESULTS}/logs/study/docs.log",
    benchmark:
        f"{RESULTS}/benchmarks/study/docs.tsv"
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        settings=settings.model_dump(mode="json"),
        configuration=difference(settings),
        command=command(workflow.overwrite_configfiles),
        updates=updates_after_baseline,
    message:
        "Gathering the study's tables, figures and what made them"
    script:
        "../scripts/study_docs.py"
