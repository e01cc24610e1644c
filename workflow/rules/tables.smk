# Tables: what the stages measured, joined, and marked for the HTML report.

points = list(pruned.instance_patterns)
# Baseline, control and models from scratch have no lines chosen: nothing of them is pruned.
masked_points = [point for point in points if not Point.from_pattern(point).is_dense]
# Of the repeats, the first stands for all.
penalised_points = [
    penalised.wildcard_pattern.format(
        **{
            **row,
            "method": method_of(settings, row["method"]).penalised,
        }
    )
    for row in grid
    if row["repeat"] == "1" and not Point(**row).is_dense
]
penalised_points = list(dict.fromkeys(penalised_points))
# Strength 0: trained on without a penalty.
weighed_points = [point for point in penalised_points if "/strength~0/" not in point]
# The reference first: its latency stands in the plain columns.
timed_devices = [
    {"name": device.name, "beams": device.beams, "dtypes": device.dtypes}
    for device in sorted(devices, key=lambda device: device != this_machine)
]
device_names = [device["name"] for device in timed_devices]


rule headline_table:
    input:
        summaries=expand(
            f"{RESULTS}/latency/{{device}}/summary.csv", device=device_names
        ),
        signatures=expand(
            f"{RESULTS}/latency/{{device}}/signature.json", device=device_names
        ),
        costs=f"{RESULTS}/latency/local/costs.csv",
        checks=expand(f"{RESULTS}/compact/{{point}}/check.json", point=points),
        architectures=expand(f"{RESULTS}/compact/{{point}}/model.json", point=points),
        scores=expand(
            f"{RESULTS}/evaluate/{{point}}/dtype~{{dtype}}/scores.json",
            point=points,
            dtype=settings.latency.dtypes,
        ),
    output:
        csv=report(
            f"{RESULTS}/tables/headline.csv",
            caption="../report/headline.rst",
            category="1 Results",
        ),
        markdown=f"{RESULTS}/tables/headline.md",
    log:
        f"{RESULTS}/logs/tables/headline.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/headline.tsv"
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        points=points,
        dtypes=list(settings.latency.dtypes),
        devices=timed_devices,
    message:
        "Joining quality, latency and size of every model"
    script:
        "../scripts/headline_table.py"


rule lines_table:
    input:
        selections=expand(f"{RESULTS}/prune/{{point}}/lines.json", point=masked_points),
    output:
        csv=report(
            f"{RESULTS}/tables/lines.csv",
            caption="../report/lines.rst",
            category="4 Pruning",
        ),
    log:
        f"{RESULTS}/logs/tables/lines.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/lines.tsv"
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        points=masked_points,
    message:
        "Counting the lines requested and kept"
    script:
        "../scripts/lines_table.py"


rule weak_penalty_table:
    input:
        shares=expand(
            f"{RESULTS}/shs/{{point}}/gradient_share.csv", point=weighed_points
        ),
    output:
        csv=report(
            f"{RESULTS}/tables/weak_penalty.csv",
            caption="../report/weak_penalty.rst",
            category="4 Pruning",
        ),
    log:
        f"{RESULTS}/logs/tables/weak_penalty.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/weak_penalty.tsv"
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        points=weighed_points,
    message:
        "Looking for sets on which a penalty was too weak"
    script:
        "../scripts/weak_penalty_table.py"


# Snakemake knows benchmark files as no rule's input; the headline table comes after all that is counted.
rule stage_cost_table:
    input:
        headline=f"{RESULTS}/tables/headline.csv",
        budget=f"{RESULTS}/latency/local/budget.csv",
    output:
        csv=f"{RESULTS}/tables/stage_cost.csv",
        markdown=f"{RESULTS}/tables/stage_cost.md",
    log:
        f"{RESULTS}/logs/tables/stage_cost.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/stage_cost.tsv"
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        points=points + list(penalised.instance_patterns) + width_points,
        bssl_strengths=[label(strength) for strength in settings.bssl.strengths],
        widths=[str(width) for width in narrowed_widths(settings)],
        distillation=is_taught(settings),
        devices=device_names,
        benchmarks=f"{RESULTS}/benchmarks",
    message:
        "Summing the seconds of each stage"
    script:
        "../scripts/stage_cost_table.py"


rule summary_page:
    input:
        headline=f"{RESULTS}/tables/headline.csv",
        stage_cost=f"{RESULTS}/tables/stage_cost.csv",
        weak_penalty=f"{RESULTS}/tables/weak_penalty.csv",
        finding=f"{RESULTS}/sparsity_profile/finding.txt",
        signatures=expand(
            f"{RESULTS}/latency/{{device}}/signature.json", device=device_names
        ),
    output:
        html=report(
            f"{RESULTS}/tables/summary.html",
            caption="../report/summary.rst",
            category="1 Results",
        ),
    log:
        f"{RESULTS}/logs/tables/summary.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/summary.tsv"
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        devices=device_names,
    message:
        "Writing the page that opens the report"
    script:
        "../scripts/summary_page.py"


rule widths_table:
    input:
        losses=expand(f"{RESULTS}/width/{{point}}.json", point=width_points),
    output:
        csv=f"{RESULTS}/tables/widths.csv",
    log:
        f"{RESULTS}/logs/tables/widths.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/widths.tsv"
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    message:
        "Comparing the widths in one shot"
    script:
        "../scripts/widths_table.py"


rule tables:
    input:
        rules.headline_table.output,
        rules.lines_table.output,
        rules.weak_penalty_table.output,
        rules.stage_cost_table.output,
        rules.summary_page.output,
