# Python and CTranslate2 for aarch64 in one archive: for phones, and boards without Python.


rule bundle:
    output:
        archive=f"{RESULTS}/bundle/bundle.tar.gz",
        manifest=f"{RESULTS}/bundle/bundle.json",
    log:
        f"{RESULTS}/logs/latency/bundle.log",
    benchmark:
        f"{RESULTS}/benchmarks/latency/bundle.tsv"
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        ctranslate2=pinned_version(
            Path(workflow.basedir, "envs", "requirements.txt"), "ctranslate2"
        ),
    message:
        "Building the aarch64 bundle with CTranslate2 {params.ctranslate2}"
    script:
        "../scripts/bundle.py"
