# Latency on this machine. The rules that time take all cores, so that nothing else of the workflow runs.


rule latency:
    input:
        models=expand(
            f"{RESULTS}/compact/{{point}}/ctranslate2/{{dtype}}",
            point=list(pruned.instance_patterns),
            dtype=settings.latency.dtypes,
        ),
        source=f"{RESULTS}/corpus/encoded/test.src",
        reference=f"{RESULTS}/corpus/encoded/test.tgt",
    output:
        samples=f"{RESULTS}/latency/local/samples.csv",
        signature=f"{RESULTS}/latency/local/signature.json",
    log:
        f"{RESULTS}/logs/latency/latency.log",
    benchmark:
        f"{RESULTS}/benchmarks/latency/latency.tsv"
    conda:
        "../../envs/tprune.yaml"
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
        samples=f"{RESULTS}/latency/local/samples.csv",
    output:
        summary=f"{RESULTS}/latency/local/summary.csv",
    log:
        f"{RESULTS}/logs/latency/latency_summary.log",
    benchmark:
        f"{RESULTS}/benchmarks/latency/latency_summary.tsv"
    conda:
        "../../envs/tprune.yaml"
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
        architecture=f"{RESULTS}/baseline/model.json",
        source=f"{RESULTS}/corpus/encoded/test.src",
        reference=f"{RESULTS}/corpus/encoded/test.tgt",
    output:
        samples=f"{RESULTS}/latency/local/budget_samples.csv",
        budget=f"{RESULTS}/latency/local/budget.csv",
    log:
        f"{RESULTS}/logs/latency/latency_budget.log",
    benchmark:
        f"{RESULTS}/benchmarks/latency/latency_budget.tsv"
    conda:
        "../../envs/tprune.yaml"
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
        "Timing the dense model component by component, nothing beside it"
    script:
        "../scripts/latency_budget.py"


rule cost_strengths:
    input:
        architecture=f"{RESULTS}/baseline/model.json",
        budget=f"{RESULTS}/latency/local/budget.csv",
    output:
        strengths=f"{RESULTS}/latency/local/strengths.json",
    log:
        f"{RESULTS}/logs/latency/cost_strengths.log",
    benchmark:
        f"{RESULTS}/benchmarks/latency/cost_strengths.tsv"
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        dtype=settings.latency.dtypes[0],
        beam=settings.latency.beams[-1],
    message:
        "Weighing every set by the milliseconds of its lines"
    script:
        "../scripts/cost_strengths.py"


rule costs:
    input:
        weights=expand(
            f"{RESULTS}/compact/{{point}}/model.safetensors",
            point=list(pruned.instance_patterns),
        ),
        architectures=expand(
            f"{RESULTS}/compact/{{point}}/model.json",
            point=list(pruned.instance_patterns),
        ),
        models=expand(
            f"{RESULTS}/compact/{{point}}/ctranslate2/{{dtype}}",
            point=list(pruned.instance_patterns),
            dtype=settings.latency.dtypes,
        ),
        source=f"{RESULTS}/corpus/encoded/test.src",
        reference=f"{RESULTS}/corpus/encoded/test.tgt",
    output:
        costs=f"{RESULTS}/latency/local/costs.csv",
    log:
        f"{RESULTS}/logs/latency/costs.log",
    benchmark:
        f"{RESULTS}/benchmarks/latency/costs.tsv"
    conda:
        "../../envs/tprune.yaml"
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
