rule bssl:
    input:
        data=f"{RESULTS}/corpus/data-bin",
        weights=f"{RESULTS}/baseline/model.safetensors",
        architecture=f"{RESULTS}/baseline/model.json",
    output:
        lines=f"{RESULTS}/bssl/strength~{{strength}}/lines.csv",
    log:
        f"{RESULTS}/logs/bssl/strength~{{strength}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/bssl/strength~{{strength}}.tsv"
    conda:
        "../../envs/tprune.yaml"
    threads: on_each_node(settings.training.threads)
    resources:
        **several_nodes(),
        mem_mb=growing(memory.training(settings)),
        runtime=training_time(settings.bssl.updates),
        gpu=settings.training.gpus,
        checkpoint_interval=settings.training.checkpoint_interval,
        log_interval=settings.training.log_interval,
    params:
        training=TRAINING,
        updates=settings.bssl.updates,
        lr=settings.bssl.lr,
        seed=settings.seed + PENALTY_SEED,
        state=STATE,
    message:
        "Watching lines die under group lasso of strength {wildcards.strength}"
    script:
        "../scripts/bssl.py"
