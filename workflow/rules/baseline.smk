if settings.baseline.checkpoint is None:

    rule baseline:
        input:
            data=f"{RESULTS}/corpus/data-bin",
        output:
            weights=f"{RESULTS}/baseline/model.safetensors",
            architecture=f"{RESULTS}/baseline/model.json",
            valid_loss=f"{RESULTS}/baseline/valid_loss.csv",
        log:
            f"{RESULTS}/logs/baseline/baseline.log",
        benchmark:
            f"{RESULTS}/benchmarks/baseline/baseline.tsv"
        conda:
            "../../envs/tprune.yaml"
        threads: on_each_node(settings.baseline.threads)
        resources:
            **several_nodes(),
            mem_mb=growing(memory.training(settings)),
            runtime=training_time(settings.baseline.updates),
            gpu=settings.training.gpus,
            checkpoint_interval=settings.training.checkpoint_interval,
            log_interval=settings.training.log_interval,
        params:
            model=settings.model.model_dump(),
            training={**TRAINING, "threads": settings.baseline.threads},
            updates=settings.baseline.updates,
            lr=settings.baseline.lr,
            warmup_updates=settings.baseline.warmup_updates,
            seed=settings.seed,
            state=STATE,
        message:
            "Training the baseline"
        script:
            "../scripts/baseline.py"

else:

    rule import_checkpoint:
        input:
            checkpoint=settings.baseline.checkpoint,
            source_dictionary=settings.baseline.source_dictionary,
            target_dictionary=settings.baseline.target_dictionary,
        output:
            weights=f"{RESULTS}/baseline/model.safetensors",
            architecture=f"{RESULTS}/baseline/model.json",
        log:
            f"{RESULTS}/logs/baseline/import_checkpoint.log",
        benchmark:
            f"{RESULTS}/benchmarks/baseline/import_checkpoint.tsv"
        conda:
            "../../envs/tprune.yaml"
        threads: 1
        resources:
            mem_mb=growing(4000),
            runtime=growing(10),
        message:
            "Loading the given checkpoint, weights only"
        script:
            "../scripts/import_checkpoint.py"
