# Translations of the test set by the artefact that ships, with every beam that is timed, and their scores against
# the control's.


rule translate:
    input:
        model=f"{RESULTS}/compact/{pruned.wildcard_pattern}/ctranslate2/{{dtype}}",
        source=f"{RESULTS}/corpus/encoded/test.src",
        subwords=f"{RESULTS}/corpus/subword.model",
    output:
        hypotheses=directory(
            f"{RESULTS}/evaluate/{pruned.wildcard_pattern}/dtype~{{dtype}}/hypotheses"
        ),
    log:
        f"{RESULTS}/logs/evaluate/translate/{pruned.wildcard_pattern}/dtype~{{dtype}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate/translate/{pruned.wildcard_pattern}/dtype~{{dtype}}.tsv"
    group:
        "point-{method}-{strength}-{threshold}-{speedup}-{repeat}"
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=growing(memory.translation(settings)),
        runtime=growing(60),
    params:
        beams=scored_beams,
    message:
        "Translating the test set: {wildcards.method} {wildcards.strength} {wildcards.threshold} {wildcards.speedup} {wildcards.repeat}, {wildcards.dtype}"
    script:
        "../scripts/translate.py"


rule score:
    input:
        hypotheses=rules.translate.output.hypotheses,
        references=f"{RESULTS}/corpus/test.tgt",
        control=control_hypotheses,
    output:
        scores=f"{RESULTS}/evaluate/{pruned.wildcard_pattern}/dtype~{{dtype}}/scores.json",
    log:
        f"{RESULTS}/logs/evaluate/score/{pruned.wildcard_pattern}/dtype~{{dtype}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate/score/{pruned.wildcard_pattern}/dtype~{{dtype}}.tsv"
    group:
        "point-{method}-{strength}-{threshold}-{speedup}-{repeat}"
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=growing(700),
        runtime=growing(20),
    params:
        beams=scored_beams,
        target_lang=settings.corpus.target_lang,
        bootstrap_samples=settings.evaluate.bootstrap_samples,
    message:
        "Scoring {wildcards.method} {wildcards.strength} {wildcards.threshold} {wildcards.speedup} {wildcards.repeat}, {wildcards.dtype}"
    script:
        "../scripts/score.py"
