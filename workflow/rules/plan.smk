# What the configured run will take, before it is submitted.


# Without outputs, a benchmark among them, so that every call plans anew.
rule plan:
    log:
        f"{RESULTS}/logs/plan/plan.log",
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        configuration=config,
        base=workflow.source_path("../../config/config.yaml"),
        snakefile=workflow.main_snakefile,
        folder=f"{RESULTS}/plan",
    message:
        "Planning the target {settings.plan.target}: wall time and core hours"
    script:
        "../scripts/plan.py"
