rule shs:
    input:
        unpack(start_model),
        data=f"{RESULTS}/corpus/data-bin",
        strengths=relative_strengths,
    output:
        weights=f"{RESULTS}/shs/{penalised.wildcard_pattern}/model.safetensors",
        architecture=f"{RESULTS}/shs/{penalised.wildcard_pattern}/model.json",
        norms=f"{RESULTS}/shs/{penalised.wildcard_pattern}/norms.csv",
        share=f"{RESULTS}/shs/{penalised.wildcard_pattern}/gradient_share.csv",
    log:
        f"{RESULTS}/logs/shs/{penalised.wildcard_pattern}.log",
    benchmark:
        f"{RESULTS}/benchmarks/shs/{penalised.wildcard_pattern}.tsv"
    conda:
        "../../envs/tprune.yaml"
    threads: on_each_node(settings.training.threads)
    resources:
        **several_nodes(),
        mem_mb=growing(memory.training(settings)),
        runtime=training_time(settings.shs.updates),
        gpu=settings.training.gpus,
        checkpoint_interval=settings.training.checkpoint_interval,
        log_interval=settings.training.log_interval,
    params:
        penalty=lambda wildcards: method_of(settings, wildcards.method).penalty,
        training=TRAINING,
        updates=settings.shs.updates,
        lr=settings.shs.lr,
        seed=lambda wildcards: settings.seed
        + PENALTY_SEED
        + seed_of_repeat(wildcards.repeat),
        state=STATE,
    message:
        "Training on for {wildcards.method}, with a penalty of strength {wildcards.strength}"
    script:
        "../scripts/shs.py"
