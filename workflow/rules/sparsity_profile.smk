rule sparsity_profile:
    input:
        sweep=expand(
            RESULTS + "/bssl/strength~{strength}/lines.csv",
            strength=[label(strength) for strength in settings.bssl.strengths],
        ),
    output:
        lines=RESULTS + "/sparsity_profile/lines.csv",
        axes=RESULTS + "/sparsity_profile/axes.csv",
        order=RESULTS + "/sparsity_profile/order.csv",
        strengths=RESULTS + "/sparsity_profile/strengths.json",
        finding=RESULTS + "/sparsity_profile/finding.txt",
    log:
        RESULTS + "/logs/sparsity_profile/sparsity_profile.log",
    benchmark:
        RESULTS + "/benchmarks/sparsity_profile/sparsity_profile.tsv"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    message:
        "Reading the sparsity profile off the sweep"
    script:
        "../scripts/sparsity_profile.py"
