longest_fine_tuning = max(
    method_of(settings, name).fine_tuning_updates for name in shs_methods(settings)
)


rule head_importance:
    input:
        data=f"{RESULTS}/corpus/data-bin",
        weights=f"{RESULTS}/shs/{penalised.wildcard_pattern}/model.safetensors",
        architecture=f"{RESULTS}/shs/{penalised.wildcard_pattern}/model.json",
    output:
        importance=f"{RESULTS}/shs/{penalised.wildcard_pattern}/head_importance.json",
    log:
        f"{RESULTS}/logs/shs/{penalised.wildcard_pattern}/head_importance.log",
    benchmark:
        f"{RESULTS}/benchmarks/prune/head_importance/{penalised.wildcard_pattern}.tsv"
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=growing(memory.training(settings)),
        runtime=growing(30),
    params:
        max_tokens=settings.training.max_tokens,
        seed=lambda wildcards: settings.seed + seed_of_repeat(wildcards.repeat),
    message:
        "Asking what each attention head is worth"
    script:
        "../scripts/head_importance.py"


rule line_importance:
    input:
        data=f"{RESULTS}/corpus/data-bin",
        weights=f"{RESULTS}/shs/{penalised.wildcard_pattern}/model.safetensors",
        architecture=f"{RESULTS}/shs/{penalised.wildcard_pattern}/model.json",
    output:
        importance=f"{RESULTS}/shs/{penalised.wildcard_pattern}/line_importance.json",
    log:
        f"{RESULTS}/logs/shs/{penalised.wildcard_pattern}/line_importance.log",
    benchmark:
        f"{RESULTS}/benchmarks/prune/line_importance/{penalised.wildcard_pattern}.tsv"
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=growing(memory.training(settings)),
        runtime=growing(30),
    params:
        seed=lambda wildcards: settings.seed + seed_of_repeat(wildcards.repeat),
    message:
        "Asking what each line is worth"
    script:
        "../scripts/line_importance.py"


rule select_lines:
    input:
        unpack(penalised_model),
        matched=matched_lines,
        dense=dense_sizes,
        latency_model=latency_model,
        head_importance=head_importance,
        line_importance=line_importance,
    output:
        lines=f"{RESULTS}/prune/{pruned.wildcard_pattern}/lines.json",
    log:
        f"{RESULTS}/logs/prune/{pruned.wildcard_pattern}/select_lines.log",
    benchmark:
        f"{RESULTS}/benchmarks/prune/{pruned.wildcard_pattern}/select_lines.tsv"
    group:
        pruning_group
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=growing(memory.selection(settings)),
        runtime=growing(10),
    params:
        round_to=settings.prune.round_to,
        decoder_layers=decoder_layers,
        dtype=lambda wildcards: predicted_with(wildcards, settings.latency.dtypes),
        beam=lambda wildcards: predicted_with(wildcards, settings.latency.beams),
        seed=lambda wildcards: settings.seed + seed_of_repeat(wildcards.repeat),
    message:
        "Choosing the lines that {wildcards.method} keeps: threshold {wildcards.threshold}, speed-up {wildcards.speedup}"
    script:
        "../scripts/select_lines.py"


rule prune:
    input:
        unpack(penalised_model),
        teacher=fine_tuning_teacher,
        data=fine_tuning_text,
        lines=f"{RESULTS}/prune/{pruned.wildcard_pattern}/lines.json",
    output:
        weights=f"{RESULTS}/prune/{pruned.wildcard_pattern}/model.safetensors",
        architecture=f"{RESULTS}/prune/{pruned.wildcard_pattern}/model.json",
    log:
        f"{RESULTS}/logs/prune/{pruned.wildcard_pattern}/prune.log",
    benchmark:
        f"{RESULTS}/benchmarks/prune/{pruned.wildcard_pattern}/prune.tsv"
    group:
        pruning_group
    conda:
        "../../envs/tprune.yaml"
    threads: on_each_node(settings.training.threads)
    resources:
        **several_nodes(),
        mem_mb=growing(memory.training(settings, may_have_teacher=True)),
        runtime=training_time(longest_fine_tuning),
        gpu=settings.training.gpus,
        checkpoint_interval=settings.training.checkpoint_interval,
        log_interval=settings.training.log_interval,
    params:
        training=TRAINING,
        updates=lambda wildcards: method_of(
            settings, wildcards.method
        ).fine_tuning_updates,
        lr=lambda wildcards: method_of(settings, wildcards.method).lr,
        distillation=lambda wildcards: method_of(
            settings, wildcards.method
        ).distillation,
        dropout=lambda wildcards: method_of(settings, wildcards.method).dropout,
        seed=lambda wildcards: settings.seed
        + FINE_TUNING_SEED
        + seed_of_repeat(wildcards.repeat),
        state=STATE,
    message:
        "Fine-tuning {wildcards.method} of strength {wildcards.strength}, threshold {wildcards.threshold}, speed-up {wildcards.speedup}"
    script:
        "../scripts/prune.py"
