# What the page of kind browser is made of: `snakemake --cores all page`, then `tprune serve RESULTS`.


rule onnxruntime_web:
    output:
        runtime=directory(f"{RESULTS}/page/onnxruntime-web"),
    log:
        f"{RESULTS}/logs/page/onnxruntime_web.log",
    benchmark:
        f"{RESULTS}/benchmarks/page/onnxruntime_web.tsv"
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=20,
    message:
        "Fetching onnxruntime-web with npm"
    script:
        "../scripts/onnxruntime_web.py"


rule page:
    input:
        rules.onnxruntime_web.output,
        f"{RESULTS}/corpus/subword.model",
        expand(
            f"{RESULTS}/compact/{{point}}/onnx/{{dtype}}",
            point=list(pruned.instance_patterns),
            dtype=settings.latency.dtypes,
        ),
