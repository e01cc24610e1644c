# Latency on this machine. The rules that time take all cores, so that nothing else of the workflow runs.


rule latency:
    input:
        models=expand(
            RESULTS + "/compact/{point}/ctranslate2/{dtype}",
            point=list(pruned.instance_patterns),
            dtype=settings.latency.dtypes,
        ),
        source=RESULTS + "/corpus/encoded/test.src",
        reference=RESULTS + "/corpus/encoded/test.tgt",
    output:
        samples=RESULTS + "/latency/local/samples.csv",
        signature=RESULTS + "/latency/local/signature.json",
    log:
        RESULTS + "/logs/latency/latency.log",
    benchmark:
        RESULTS + "/benchmarks/latency/latency.tsv"
    threads: workflow.cores
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        grid=grid,
        dtypes=list(settings.latency.dtypes),
        beams=list(settings.latency.beams),
        threads=settings.latency.threads,
        sentences=settings.latency.sentences,
        warm_up=settings.latency.warm_up,
        seed=settings.seed,
    message:
        "Timing every model on this machine, nothing beside it"
    script:
        "../scripts/latency.py"


rule latency_summary:
    input:
        samples=RESULTS + "/latency/local/samples.csv",
    output:
        summary=RESULTS + "/latency/local/summary.csv",
    log:
        RESULTS + "/logs/latency/latency_summary.log",
    benchmark:
        RESULTS + "/benchmarks/latency/latency_summary.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        bootstrap_samples=settings.latency.bootstrap_samples,
        seed=settings.seed,
    message:
        "Summing up the latency samples"
    script:
        "../scripts/latency_summary.py"


rule latency_budget:
    input:
        architecture=RESULTS
        + "/compact/method~control/strength~0/threshold~0/model.json",
        source=RESULTS + "/corpus/encoded/test.src",
        reference=RESULTS + "/corpus/encoded/test.tgt",
    output:
        samples=RESULTS + "/latency/local/budget_samples.csv",
        budget=RESULTS + "/latency/local/budget.csv",
    log:
        RESULTS + "/logs/latency/latency_budget.log",
    benchmark:
        RESULTS + "/benchmarks/latency/latency_budget.tsv"
    threads: workflow.cores
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        dtypes=list(settings.latency.dtypes),
        beams=list(settings.latency.beams),
        threads=settings.latency.threads,
        sentences=settings.latency.sentences,
        warm_up=settings.latency.warm_up,
        bootstrap_samples=settings.latency.bootstrap_samples,
        seed=settings.seed,
    message:
        "Timing the control component by component, nothing beside it"
    script:
        "../scripts/latency_budget.py"


rule costs:
    input:
        weights=expand(
            RESULTS + "/compact/{point}/model.safetensors",
            point=list(pruned.instance_patterns),
        ),
        architectures=expand(
            RESULTS + "/compact/{point}/model.json",
            point=list(pruned.instance_patterns),
        ),
        models=expand(
            RESULTS + "/compact/{point}/ctranslate2/{dtype}",
            point=list(pruned.instance_patterns),
            dtype=settings.latency.dtypes,
        ),
        source=RESULTS + "/corpus/encoded/test.src",
        reference=RESULTS + "/corpus/encoded/test.tgt",
    output:
        costs=RESULTS + "/latency/local/costs.csv",
    log:
        RESULTS + "/logs/latency/costs.log",
    benchmark:
        RESULTS + "/benchmarks/latency/costs.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        grid=grid,
        dtypes=list(settings.latency.dtypes),
        beams=list(settings.latency.beams),
        threads=settings.latency.threads,
        sentences=settings.latency.sentences,
        seed=settings.seed,
    message:
        "Counting multiply-adds, bytes and peak memory"
    script:
        "../scripts/costs.py"
