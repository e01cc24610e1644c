# Figures, drawn from the tables and from what the stages measured, and marked for the HTML report.

figure_format = settings.figures.format


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


rule figures:
    input:
        rules.trade_off_figure.output,
        rules.profile_figures.output,
        rules.line_norms_figure.output,
        rules.latency_budget_figure.output,
        rules.stage_cost_figure.output,
