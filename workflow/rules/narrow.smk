rule narrow:
    input:
        data=f"{RESULTS}/corpus/data-bin",
        weights=f"{RESULTS}/baseline/model.safetensors",
        architecture=f"{RESULTS}/baseline/model.json",
    output:
        weights=f"{RESULTS}/narrow/d_model~{{d_model}}/model.safetensors",
        architecture=f"{RESULTS}/narrow/d_model~{{d_model}}/model.json",
    log:
        f"{RESULTS}/logs/narrow/d_model~{{d_model}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/narrow/d_model~{{d_model}}.tsv"
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=growing(memory.training(settings)),
        runtime=growing(30),
    params:
        seed=settings.seed,
    message:
        "Narrowing the baseline to {wildcards.d_model} channels"
    script:
        "../scripts/narrow.py"
