scratch_updates = (
    settings.baseline.updates
    + settings.shs.updates
    + settings.prune.fine_tuning_updates
)


rule scratch:
    input:
        teacher=scratch_teacher,
        data=scratch_text,
    output:
        weights=f"{RESULTS}/scratch/scratch-{{name}}/repeat~{{repeat}}/model.safetensors",
        architecture=f"{RESULTS}/scratch/scratch-{{name}}/repeat~{{repeat}}/model.json",
        valid_loss=f"{RESULTS}/scratch/scratch-{{name}}/repeat~{{repeat}}/valid_loss.csv",
    log:
        f"{RESULTS}/logs/scratch/scratch-{{name}}/repeat~{{repeat}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/scratch/scratch-{{name}}/repeat~{{repeat}}.tsv"
    conda:
        "../../envs/tprune.yaml"
    threads: on_each_node(settings.baseline.threads)
    resources:
        **several_nodes(),
        mem_mb=growing(memory.training(settings, may_have_teacher=True)),
        runtime=training_time(scratch_updates),
        gpu=settings.training.gpus,
        checkpoint_interval=settings.training.checkpoint_interval,
        log_interval=settings.training.log_interval,
    params:
        model=lambda wildcards: {
            **settings.model.model_dump(),
            **settings.scratch[wildcards.name].model_dump(
                exclude_none=True,
                exclude={"lr", "distillation", "sequence_distillation"},
            ),
        },
        training={**TRAINING, "threads": settings.baseline.threads},
        updates=scratch_updates,
        lr=lambda wildcards: settings.scratch[wildcards.name].lr or settings.baseline.lr,
        warmup_updates=settings.baseline.warmup_updates,
        distillation=lambda wildcards: settings.scratch[wildcards.name].distillation,
        seed=lambda wildcards: settings.seed + seed_of_repeat(wildcards.repeat),
        state=STATE,
    message:
        "Training the smaller model scratch-{wildcards.name} from scratch"
    script:
        "../scripts/baseline.py"
