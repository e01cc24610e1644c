# The control's translations of the training text, for models that learn from them (sequence-level distillation).


rule translate_training_text:
    input:
        model=f"{RESULTS}/compact/{control_point}/ctranslate2/float32",
        source=f"{RESULTS}/corpus/encoded/train.src",
    output:
        train=multiext(f"{RESULTS}/distillation/train", ".src", ".tgt"),
    log:
        f"{RESULTS}/logs/distillation/translate_training_text.log",
    benchmark:
        f"{RESULTS}/benchmarks/distillation/translate_training_text.tsv"
    group:
        "distillation"
    conda:
        "../../envs/tprune.yaml"
    threads: settings.baseline.threads
    resources:
        mem_mb=growing(memory.translation(settings)),
        runtime=growing(240),
    params:
        beam=settings.prune.teacher_beam,
        max_pieces=settings.corpus.max_pieces,
        state=STATE,
    message:
        "Translating the training text with the control"
    script:
        "../scripts/translate_training_text.py"


rule binarise_translations:
    input:
        encoded=expand(
            f"{RESULTS}/corpus/encoded/{{split}}.{{side}}",
            split=["valid", "test"],
            side=["src", "tgt"],
        ),
        train=rules.translate_training_text.output.train,
        references=f"{RESULTS}/corpus/data-bin",
    output:
        data=directory(f"{RESULTS}/distillation/data-bin"),
    log:
        f"{RESULTS}/logs/distillation/binarise_translations.log",
    benchmark:
        f"{RESULTS}/benchmarks/distillation/binarise_translations.tsv"
    group:
        "distillation"
    conda:
        "../../envs/tprune.yaml"
    threads: 2
    resources:
        mem_mb=growing(3000),
        runtime=growing(120),
    message:
        "Binarising the control's translations"
    script:
        "../scripts/binarise_translations.py"
