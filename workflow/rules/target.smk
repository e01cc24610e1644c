# The one model for what section `target` asks: models at speed-ups near it are made, timed on the device that
# counts, scored on the validation set, and one is chosen.


rule target_latency:
    input:
        **device_files(target_device),
        models=target_models,
        source=f"{RESULTS}/corpus/encoded/test.src",
        reference=f"{RESULTS}/corpus/encoded/test.tgt",
    output:
        samples=f"{TARGET}/latency/samples.csv",
        signature=f"{TARGET}/latency/signature.json",
    log:
        f"{RESULTS}/logs/target/latency.log",
    benchmark:
        f"{RESULTS}/benchmarks/target/latency.tsv"
    localrule: target_device.kind != "local"
    conda:
        "../../envs/tprune.yaml"
    threads: whole_machine()
    resources:
        **timing_resources(),
    params:
        **timing_parameters(target_device),
        grid=target_rows,
    message:
        f"Timing the models near the target on {target_device.name}, nothing beside them"
    script:
        "../scripts/latency.py"


use rule target_latency as target_control_latency with:
    input:
        **device_files(target_device),
        models=[model_for_target(control_row)],
        source=f"{RESULTS}/corpus/encoded/test.src",
        reference=f"{RESULTS}/corpus/encoded/test.tgt",
    output:
        samples=f"{TARGET}/control/samples.csv",
        signature=f"{TARGET}/control/signature.json",
    log:
        f"{RESULTS}/logs/target/control_latency.log",
    benchmark:
        f"{RESULTS}/benchmarks/target/control_latency.tsv"
    params:
        **timing_parameters(target_device),
        grid=[control_row],
    message:
        f"Timing the control on {target_device.name}, nothing beside it"


checkpoint target_ladder:
    input:
        latency_model=f"{RESULTS}/latency/local/latency_model.json",
        dense=f"{RESULTS}/baseline/model.json",
        starts=[
            f"{start_folder(method_of(settings, method).d_model)}/model.json"
            for method in compared_widths
        ],
        control=control_on_device,
    output:
        ladder=f"{TARGET}/ladder.json",
    log:
        f"{RESULTS}/logs/target/ladder.log",
    benchmark:
        f"{RESULTS}/benchmarks/target/ladder.tsv"
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        key=target_key,
        value=target_value,
        speedups=list(settings.prune.speedups),
        dtype=settings.latency.dtypes[0],
        beam=settings.latency.beams[0],
        predicted=is_predicted(target_device, settings.latency),
    message:
        f"Which speed-ups to request for target.{target_key} {target_value}"
    script:
        "../scripts/target_ladder.py"


checkpoint target_width:
    input:
        ladder=f"{TARGET}/ladder.json",
        losses=target_widths,
    output:
        width=f"{TARGET}/width.json",
    log:
        f"{RESULTS}/logs/target/width.log",
    benchmark:
        f"{RESULTS}/benchmarks/target/width.tsv"
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    message:
        "Which width to request for each speed-up"
    script:
        "../scripts/target_width.py"


use rule translate as target_translate with:
    input:
        model=f"{RESULTS}/compact/{pruned.wildcard_pattern}/ctranslate2/{{dtype}}",
        source=f"{RESULTS}/corpus/encoded/valid.src",
        subwords=f"{RESULTS}/corpus/subword.model",
    output:
        hypotheses=directory(
            f"{TARGET}/valid/{pruned.wildcard_pattern}/dtype~{{dtype}}/hypotheses"
        ),
    log:
        f"{RESULTS}/logs/target/translate/{pruned.wildcard_pattern}/dtype~{{dtype}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/target/translate/{pruned.wildcard_pattern}/dtype~{{dtype}}.tsv"
    params:
        beams=[target_beam],
    message:
        "Translating the validation set: {wildcards.method} {wildcards.strength} {wildcards.speedup}, {wildcards.dtype}"


use rule score as target_score with:
    input:
        hypotheses=rules.target_translate.output.hypotheses,
        references=f"{RESULTS}/corpus/valid.tgt",
        control=[],
    output:
        scores=f"{TARGET}/valid/{pruned.wildcard_pattern}/dtype~{{dtype}}/scores.json",
    log:
        f"{RESULTS}/logs/target/score/{pruned.wildcard_pattern}/dtype~{{dtype}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/target/score/{pruned.wildcard_pattern}/dtype~{{dtype}}.tsv"
    params:
        beams=[target_beam],
        target_lang=settings.corpus.target_lang,
        bootstrap_samples=settings.evaluate.bootstrap_samples,
    message:
        "Scoring on the validation set: {wildcards.method} {wildcards.strength} {wildcards.speedup}, {wildcards.dtype}"


checkpoint target_choice:
    input:
        samples=f"{TARGET}/latency/samples.csv",
        scores=target_scores,
    output:
        choice=f"{TARGET}/choice.json",
    log:
        f"{RESULTS}/logs/target/choice.log",
    benchmark:
        f"{RESULTS}/benchmarks/target/choice.tsv"
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        key=target_key,
        value=target_value,
        rows=target_rows,
        device=target_device.measured(),
        bootstrap_samples=settings.latency.bootstrap_samples,
        seed=settings.seed,
    message:
        f"Choosing the model for target.{target_key} {target_value}"
    script:
        "../scripts/target_choice.py"


rule target:
    input:
        unpack(chosen_model),
        choice=f"{TARGET}/choice.json",
    output:
        weights=f"{TARGET}/model.safetensors",
        architecture=f"{TARGET}/model.json",
        float32=directory(f"{TARGET}/ctranslate2/float32"),
        int8=directory(f"{TARGET}/ctranslate2/int8"),
        record=f"{TARGET}/target.json",
        page=f"{TARGET}/target.md",
    log:
        f"{RESULTS}/logs/target/target.log",
    benchmark:
        f"{RESULTS}/benchmarks/target/target.tsv"
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    message:
        "Copying the chosen model, with what it was chosen for"
    script:
        "../scripts/target.py"
