def profile_strengths(wildcards):
    """What SHS and its rival penalty take from the profile; training on without a penalty takes nothing."""
    if wildcards.method == "magnitude":
        return []
    return f"{RESULTS}/sparsity_profile/strengths.json"


rule shs:
    input:
        data=RESULTS + "/corpus/data-bin",
        weights=RESULTS + "/baseline/model.safetensors",
        architecture=RESULTS + "/baseline/model.json",
        strengths=profile_strengths,
    output:
        weights=RESULTS + "/shs/" + penalised.wildcard_pattern + "/model.safetensors",
        architecture=RESULTS + "/shs/" + penalised.wildcard_pattern + "/model.json",
        norms=RESULTS + "/shs/" + penalised.wildcard_pattern + "/norms.csv",
        share=RESULTS + "/shs/" + penalised.wildcard_pattern + "/gradient_share.csv",
    log:
        RESULTS + "/logs/shs/" + penalised.wildcard_pattern + ".log",
    benchmark:
        RESULTS + "/benchmarks/shs/" + penalised.wildcard_pattern + ".tsv"
    threads: settings.training.threads
    resources:
        mem_mb=training_memory,
        runtime=120,
    params:
        training=settings.training.model_dump(),
        updates=settings.shs.updates,
        lr=settings.shs.lr,
        seed=settings.seed + PENALTY_SEED,
        state=STATE,
    message:
        "Training on with penalty {wildcards.method} of strength {wildcards.strength}"
    script:
        "../scripts/shs.py"
