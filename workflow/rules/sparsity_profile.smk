rule sparsity_profile:
    input:
        sweep=expand(
            f"{RESULTS}/bssl/strength~{{strength}}/lines.csv",
            strength=[label(strength) for strength in settings.bssl.strengths],
        ),
    output:
        lines=f"{RESULTS}/sparsity_profile/lines.csv",
        axes=f"{RESULTS}/sparsity_profile/axes.csv",
        order=f"{RESULTS}/sparsity_profile/order.csv",
        strengths=f"{RESULTS}/sparsity_profile/strengths.json",
        finding=f"{RESULTS}/sparsity_profile/finding.txt",
    log:
        f"{RESULTS}/logs/sparsity_profile/sparsity_profile.log",
    benchmark:
        f"{RESULTS}/benchmarks/sparsity_profile/sparsity_profile.tsv"
    localrule: True
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    message:
        "Reading the sparsity profile off the sweep"
    script:
        "../scripts/sparsity_profile.py"
