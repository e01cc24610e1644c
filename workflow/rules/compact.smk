# From the masked models to the small ones that ship, and the proof that they are equal.


rule compact:
    input:
        unpack(masked_model),
        data=f"{RESULTS}/corpus/data-bin",
        source=f"{RESULTS}/corpus/encoded/test.src",
        target=f"{RESULTS}/corpus/encoded/test.tgt",
    output:
        weights=f"{RESULTS}/compact/{pruned.wildcard_pattern}/model.safetensors",
        architecture=f"{RESULTS}/compact/{pruned.wildcard_pattern}/model.json",
        float32=directory(
            f"{RESULTS}/compact/{pruned.wildcard_pattern}/ctranslate2/float32"
        ),
        int8=directory(f"{RESULTS}/compact/{pruned.wildcard_pattern}/ctranslate2/int8"),
        check=f"{RESULTS}/compact/{pruned.wildcard_pattern}/check.json",
    log:
        f"{RESULTS}/logs/compact/{pruned.wildcard_pattern}.log",
    benchmark:
        f"{RESULTS}/benchmarks/compact/{pruned.wildcard_pattern}.tsv"
    group:
        "point-{method}-{strength}-{threshold}-{speedup}-{repeat}"
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=growing(memory.compaction(settings)),
        runtime=growing(30),
    message:
        "Compacting {wildcards.method} (strength {wildcards.strength}, threshold {wildcards.threshold}, speed-up {wildcards.speedup}, repeat {wildcards.repeat})"
    script:
        "../scripts/compact.py"


rule export_onnx:
    input:
        weights=f"{RESULTS}/compact/{pruned.wildcard_pattern}/model.safetensors",
        architecture=f"{RESULTS}/compact/{pruned.wildcard_pattern}/model.json",
        data=f"{RESULTS}/corpus/data-bin",
        source=f"{RESULTS}/corpus/encoded/test.src",
        target=f"{RESULTS}/corpus/encoded/test.tgt",
    output:
        float32=directory(f"{RESULTS}/compact/{pruned.wildcard_pattern}/onnx/float32"),
        int8=directory(f"{RESULTS}/compact/{pruned.wildcard_pattern}/onnx/int8"),
        check=f"{RESULTS}/compact/{pruned.wildcard_pattern}/onnx/check.json",
    log:
        f"{RESULTS}/logs/export_onnx/{pruned.wildcard_pattern}.log",
    benchmark:
        f"{RESULTS}/benchmarks/compact/onnx/{pruned.wildcard_pattern}.tsv"
    group:
        "point-{method}-{strength}-{threshold}-{speedup}-{repeat}"
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=growing(memory.compaction(settings)),
        runtime=growing(30),
    message:
        "ONNX of {wildcards.method} (strength {wildcards.strength}, threshold {wildcards.threshold}, speed-up {wildcards.speedup}, repeat {wildcards.repeat})"
    script:
        "../scripts/export_onnx.py"
