# Tables and figures: what the stages measured, joined, and marked for the HTML report.

points = list(pruned.instance_patterns)
# Baseline, control and models from scratch have no lines chosen: nothing of them is pruned.
masked_points = [point for point in points if not point.endswith("threshold~0")]
penalised_points = list(
    dict.fromkeys(point.rpartition("/")[0] for point in masked_points)
)
weighed_points = [
    point for point in penalised_points if not point.startswith("method~magnitude/")
]
# The reference first: its latency stands in the plain columns.
timed_devices = [
    {"name": device.name, "beams": device.beams, "dtypes": device.dtypes}
    for device in sorted(devices, key=lambda device: device != this_machine)
]
device_names = [device["name"] for device in timed_devices]
figure_format = settings.figures.format


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
        beam=settings.evaluate.beam,
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
        points=points + list(penalised.instance_patterns),
        bssl_strengths=[label(strength) for strength in settings.bssl.strengths],
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


rule trade_off_figure:
    input:
        headline=f"{RESULTS}/tables/headline.csv",
    output:
        figure=report(
            f"{RESULTS}/figures/trade_off.{figure_format}",
            caption="../report/trade_off.rst",
            category="1 Results",
        ),
    log:
        f"{RESULTS}/logs/figures/trade_off.log",
    benchmark:
        f"{RESULTS}/benchmarks/figures/trade_off.tsv"
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        dpi=settings.figures.dpi,
    message:
        "Drawing speed-up against change of BLEU"
    script:
        "../scripts/trade_off_figure.py"


rule profile_figures:
    input:
        lines=f"{RESULTS}/sparsity_profile/lines.csv",
        finding=f"{RESULTS}/sparsity_profile/finding.txt",
    output:
        output_map=report(
            f"{RESULTS}/figures/profile_output.{figure_format}",
            caption="../report/profile_map.rst",
            category="3 Sparsity profile",
        ),
        input_map=report(
            f"{RESULTS}/figures/profile_input.{figure_format}",
            caption="../report/profile_map.rst",
            category="3 Sparsity profile",
        ),
        loss=report(
            f"{RESULTS}/figures/sparsity_against_loss.{figure_format}",
            caption="../report/sparsity_against_loss.rst",
            category="3 Sparsity profile",
        ),
    log:
        f"{RESULTS}/logs/figures/profile.log",
    benchmark:
        f"{RESULTS}/benchmarks/figures/profile.tsv"
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        dpi=settings.figures.dpi,
    message:
        "Drawing where lines died, and at what loss"
    script:
        "../scripts/profile_figures.py"


rule line_norms_figure:
    input:
        norms=expand(f"{RESULTS}/shs/{{point}}/norms.csv", point=penalised_points),
    output:
        figure=report(
            f"{RESULTS}/figures/line_norms.{figure_format}",
            caption="../report/line_norms.rst",
            category="4 Pruning",
        ),
    log:
        f"{RESULTS}/logs/figures/line_norms.log",
    benchmark:
        f"{RESULTS}/benchmarks/figures/line_norms.tsv"
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        points=penalised_points,
        thresholds=list(settings.prune.thresholds),
        dpi=settings.figures.dpi,
    message:
        "Drawing histograms of line norms"
    script:
        "../scripts/line_norms_figure.py"


rule latency_budget_figure:
    input:
        budget=f"{RESULTS}/latency/local/budget.csv",
    output:
        figure=report(
            f"{RESULTS}/figures/latency_budget.{figure_format}",
            caption="../report/latency_budget.rst",
            category="2 Latency",
        ),
    log:
        f"{RESULTS}/logs/figures/latency_budget.log",
    benchmark:
        f"{RESULTS}/benchmarks/figures/latency_budget.tsv"
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        dpi=settings.figures.dpi,
    message:
        "Drawing the latency budget"
    script:
        "../scripts/latency_budget_figure.py"


rule stage_cost_figure:
    input:
        stage_cost=f"{RESULTS}/tables/stage_cost.csv",
    output:
        figure=report(
            f"{RESULTS}/figures/stage_cost.{figure_format}",
            caption="../report/stage_cost.rst",
            category="5 Cost of the run",
        ),
    log:
        f"{RESULTS}/logs/figures/stage_cost.log",
    benchmark:
        f"{RESULTS}/benchmarks/figures/stage_cost.tsv"
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        dpi=settings.figures.dpi,
    message:
        "Drawing the cost of each stage"
    script:
        "../scripts/stage_cost_figure.py"


rule tables:
    input:
        rules.headline_table.output,
        rules.lines_table.output,
        rules.weak_penalty_table.output,
        rules.stage_cost_table.output,
        rules.summary_page.output,


rule figures:
    input:
        rules.trade_off_figure.output,
        rules.profile_figures.output,
        rules.line_norms_figure.output,
        rules.latency_budget_figure.output,
        rules.stage_cost_figure.output,
