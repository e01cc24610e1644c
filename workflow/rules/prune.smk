def penalised_model(wildcards):
    """The model whose lines are chosen: the control's is the continuation without a penalty."""
    unpenalised = wildcards.method in ("control", "magnitude")
    folder = penalised.wildcard_pattern.format(
        method="magnitude" if unpenalised else wildcards.method,
        strength="0" if unpenalised else wildcards.strength,
    )
    return {
        "weights": f"{RESULTS}/shs/{folder}/model.safetensors",
        "architecture": f"{RESULTS}/shs/{folder}/model.json",
    }


def matched_lines(wildcards):
    """For magnitude pruning: the SHS point whose line counts it keeps."""
    if wildcards.method != "magnitude":
        return []
    folder = pruned.wildcard_pattern.format(
        method="shs",
        strength=matched_strength(settings, wildcards.threshold),
        threshold=wildcards.threshold,
    )
    return f"{RESULTS}/prune/{folder}/lines.json"


rule select_lines:
    input:
        unpack(penalised_model),
        matched=matched_lines,
    output:
        lines=RESULTS + "/prune/" + pruned.wildcard_pattern + "/lines.json",
    log:
        RESULTS + "/logs/prune/" + pruned.wildcard_pattern + "/select_lines.log",
    benchmark:
        RESULTS + "/benchmarks/prune/" + pruned.wildcard_pattern + "/select_lines.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        round_to=settings.prune.round_to,
    message:
        "Choosing the lines that {wildcards.method} keeps at threshold {wildcards.threshold}"
    script:
        "../scripts/select_lines.py"


rule prune:
    input:
        unpack(penalised_model),
        data=RESULTS + "/corpus/data-bin",
        lines=RESULTS + "/prune/" + pruned.wildcard_pattern + "/lines.json",
    output:
        weights=RESULTS + "/prune/" + pruned.wildcard_pattern + "/model.safetensors",
        architecture=RESULTS + "/prune/" + pruned.wildcard_pattern + "/model.json",
    log:
        RESULTS + "/logs/prune/" + pruned.wildcard_pattern + "/prune.log",
    benchmark:
        RESULTS + "/benchmarks/prune/" + pruned.wildcard_pattern + "/prune.tsv"
    threads: settings.training.threads
    resources:
        mem_mb=training_memory,
        runtime=120,
    params:
        training=settings.training.model_dump(),
        updates=settings.prune.fine_tuning_updates,
        lr=settings.prune.lr,
        seed=settings.seed + FINE_TUNING_SEED,
        state=STATE,
    message:
        "Fine-tuning {wildcards.method} of strength {wildcards.strength}, threshold {wildcards.threshold}"
    script:
        "../scripts/prune.py"
