rule bssl:
    input:
        data=RESULTS + "/corpus/data-bin",
        weights=RESULTS + "/baseline/model.safetensors",
        architecture=RESULTS + "/baseline/model.json",
    output:
        lines=RESULTS + "/bssl/strength~{strength}/lines.csv",
    log:
        RESULTS + "/logs/bssl/strength~{strength}.log",
    benchmark:
        RESULTS + "/benchmarks/bssl/strength~{strength}.tsv"
    threads: settings.training.threads
    resources:
        mem_mb=training_memory,
        runtime=120,
    params:
        training=settings.training.model_dump(),
        updates=settings.bssl.updates,
        lr=settings.bssl.lr,
        seed=settings.seed + PENALTY_SEED,
        state=STATE,
    message:
        "Watching lines die under group lasso of strength {wildcards.strength}"
    script:
        "../scripts/bssl.py"
