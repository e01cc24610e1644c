# Inputs that depend on the method: which files a point of the grid is made from.


def relative_strengths(wildcards):
    """What multiplies the strength of a penalty per set; training on without a penalty takes nothing."""
    if wildcards.method == "magnitude" or settings.shs.relative_strengths == "equal":
        return []
    stage = (
        "sparsity_profile"
        if settings.shs.relative_strengths == "profile"
        else "latency/local"
    )
    return f"{RESULTS}/{stage}/strengths.json"


def penalised_model(wildcards):
    """The model whose lines are chosen: the control's is the continuation without a penalty."""
    unpenalised = wildcards.method in ("control", "magnitude")
    folder = penalised.wildcard_pattern.format(
        method="magnitude" if unpenalised else wildcards.method,
        strength="0" if unpenalised else wildcards.strength,
    )
    return {
        "weights": f"{RESULTS}/shs/{folder}/model.safetensors",
        "architecture": f"{RESULTS}/shs/{folder}/model.json",
    }


def teacher_model(wildcards):
    """Weights and sizes of the model that fine-tuning distils from: the control, where it is wanted."""
    if wildcards.method == "control" or not settings.prune.distillation:
        return []
    control = pruned.wildcard_pattern.format(
        method="control", strength="0", threshold="0"
    )
    folder = f"{RESULTS}/prune/{control}"
    return [f"{folder}/model.safetensors", f"{folder}/model.json"]


def matched_lines(wildcards):
    """For magnitude pruning: the SHS point whose line counts it keeps."""
    if wildcards.method != "magnitude":
        return []
    folder = pruned.wildcard_pattern.format(
        method="shs",
        strength=matched_strength(settings, wildcards.threshold),
        threshold=wildcards.threshold,
    )
    return f"{RESULTS}/prune/{folder}/lines.json"


def masked_model(wildcards):
    """The model to compact; `lines` only where something was pruned."""
    if wildcards.method == "baseline":
        folder = f"{RESULTS}/baseline"
    elif wildcards.method.startswith("scratch-"):
        folder = f"{RESULTS}/scratch/{wildcards.method}"
    else:
        point = pruned.wildcard_pattern.format(**wildcards)
        folder = f"{RESULTS}/prune/{point}"
    files = {
        "weights": f"{folder}/model.safetensors",
        "architecture": f"{folder}/model.json",
    }
    if wildcards.method in ("shs", "group_lasso", "magnitude"):
        files["lines"] = f"{folder}/lines.json"
    return files


def control_hypotheses(wildcards):
    """The control's translations in the same dtype; nothing for the control itself."""
    if wildcards.method == "control":
        return []
    control = pruned.wildcard_pattern.format(
        method="control", strength="0", threshold="0"
    )
    return f"{RESULTS}/evaluate/{control}/dtype~{wildcards.dtype}/hypotheses.txt"


def timed_models(device):
    """The models in the form that the device's engine loads, the dtype changing fastest."""
    form = "ctranslate2" if device.engine == "ctranslate2" else "onnx"
    return expand(
        f"{RESULTS}/compact/{{point}}/{form}/{{dtype}}",
        point=list(pruned.instance_patterns),
        dtype=device.dtypes,
    )


def timed_again(device):
    """An input of no files. Who names the device's rule as target wants it timed again, so it is forced;
    for other targets, as `all`, the samples that are there will do.
    """
    name = f"latency_{device.name}"

    def force(wildcards):
        if name in workflow.dag_settings.targets:
            workflow.dag.forcerules.add(workflow.get_rule(name))
        return []

    return force


def device_files(device):
    """What a kind of device needs beside the models, by name: `Access.files`."""
    if device.kind == "adb":
        return {"bundle": f"{RESULTS}/bundle/bundle.tar.gz"}
    if device.kind == "browser":
        return {
            "runtime": f"{RESULTS}/page/onnxruntime-web",
            "subwords": f"{RESULTS}/corpus/subword.model",
        }
    return {}
