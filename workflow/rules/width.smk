# Which width of the baseline suits a requested speed-up: what each loses when its lines are chosen, before any
# fine-tuning. Compared are SHS and its ablations of another width.
compared_widths = ["shs", *other_widths(settings)]
asked_of_widths = list(
    dict.fromkeys(
        label(speedup)
        for method in compared_widths
        for speedup in requested_speedups(settings, method)
    )
)
width_points = expand(
    "method~{method}/speedup~{speedup}", method=compared_widths, speedup=asked_of_widths
)


use rule line_importance as line_importance_of_width with:
    input:
        unpack(start_model),
        data=f"{RESULTS}/corpus/data-bin",
    output:
        importance=f"{RESULTS}/width/method~{{method}}/line_importance.json",
    log:
        f"{RESULTS}/logs/width/method~{{method}}/line_importance.log",
    benchmark:
        f"{RESULTS}/benchmarks/width/method~{{method}}/line_importance.tsv"
    params:
        seed=settings.seed,
    message:
        "Asking what each line is worth before {wildcards.method} is trained"


rule one_shot:
    input:
        unpack(start_model),
        data=f"{RESULTS}/corpus/data-bin",
        dense=f"{RESULTS}/baseline/model.json",
        latency_model=f"{RESULTS}/latency/local/latency_model.json",
        line_importance=(
            f"{RESULTS}/width/method~{{method}}/line_importance.json"
            if settings.prune.score == "taylor"
            else []
        ),
    output:
        loss=f"{RESULTS}/width/method~{{method}}/speedup~{{speedup}}.json",
    log:
        f"{RESULTS}/logs/width/method~{{method}}/speedup~{{speedup}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/width/method~{{method}}/speedup~{{speedup}}.tsv"
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=growing(memory.training(settings)),
        runtime=growing(30),
    params:
        round_to=settings.prune.round_to,
        decoder_layers=settings.prune.decoder_layers,
        dtype=settings.latency.dtypes[0],
        beam=settings.latency.beams[0],
        max_tokens=settings.training.max_tokens,
        seed=settings.seed,
    message:
        "Pruning {wildcards.method} in one shot for {wildcards.speedup}x"
    script:
        "../scripts/one_shot.py"
