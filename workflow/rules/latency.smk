# Latency, device by device. The rules that time take all cores, so that nothing else of the workflow runs; on a
# cluster they have a node for themselves.
# An attempt that fails leaves the samples that were there: `update` restores them.


if workflow.is_main_process:
    check_targets(sys.argv, devices, settings.devices.sheet)


wildcard_constraints:
    device="|".join(device.name for device in devices),


for device in devices:

    rule:
        name:
            f"latency_{device.name}"
        input:
            **device_files(device),
            again=timed_again(device),
            models=timed_models(device),
            source=f"{RESULTS}/corpus/encoded/test.src",
            reference=f"{RESULTS}/corpus/encoded/test.tgt",
        output:
            samples=update(f"{RESULTS}/latency/{device.name}/samples.csv"),
            signature=update(f"{RESULTS}/latency/{device.name}/signature.json"),
        log:
            f"{RESULTS}/logs/latency/latency_{device.name}.log",
        benchmark:
            f"{RESULTS}/benchmarks/latency/device~{device.name}.tsv"
        localrule: device.kind != "local"
        conda:
            "../../envs/tprune.yaml"
        threads: whole_machine()
        resources:
            **timing_resources(),
        params:
            **timing_parameters(device),
            grid=grid,
        message:
            f"Timing every model on {device.name} ({device.kind}), nothing beside it"
        script:
            "../scripts/latency.py"


rule latency_summary:
    input:
        samples=f"{RESULTS}/latency/{{device}}/samples.csv",
    output:
        summary=f"{RESULTS}/latency/{{device}}/summary.csv",
    log:
        f"{RESULTS}/logs/latency/summary/{{device}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/latency/summary/device~{{device}}.tsv"
    localrule: True
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
        "Summing up the latency samples of {wildcards.device}"
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
    threads: whole_machine()
    resources:
        mem_mb=growing(memory.timing(settings)),
        runtime=growing(30),
        exclusive=1,
        slurm_extra="--exclusive",
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


rule latency_model:
    input:
        architecture=f"{RESULTS}/baseline/model.json",
        narrowed=expand(
            f"{RESULTS}/narrow/d_model~{{d_model}}/model.json",
            d_model=narrowed_widths(settings),
        ),
        source=f"{RESULTS}/corpus/encoded/test.src",
        reference=f"{RESULTS}/corpus/encoded/test.tgt",
    output:
        samples=f"{RESULTS}/latency/local/latency_model_samples.csv",
        model=f"{RESULTS}/latency/local/latency_model.json",
    log:
        f"{RESULTS}/logs/latency/latency_model.log",
    benchmark:
        f"{RESULTS}/benchmarks/latency/latency_model.tsv"
    conda:
        "../../envs/tprune.yaml"
    threads: whole_machine()
    resources:
        mem_mb=growing(memory.timing(settings)),
        runtime=growing(30),
        exclusive=1,
        slurm_extra="--exclusive",
    params:
        dtypes=list(settings.latency.dtypes),
        beams=list(settings.latency.beams),
        threads=settings.latency.threads,
        sentences=settings.latency.sentences,
        warm_up=settings.latency.warm_up,
        seed=settings.seed,
    message:
        "Timing models of many sizes, nothing beside them"
    script:
        "../scripts/latency_model.py"


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
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        dtype=settings.latency.dtypes[0],
        beam=settings.latency.beams[0],
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
    threads: settings.latency.threads
    resources:
        mem_mb=growing(memory.timing(settings)),
        runtime=growing(20),
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
