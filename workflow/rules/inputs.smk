# Inputs that depend on the method: which files a point of the grid is made from. And what is timed, so that it is scored.


devices = read_devices(settings.devices.sheet, settings.latency)
this_machine = reference_device(devices)
# BLEU stands beside the speed of the same beam, on whatever device.
scored_beams = sorted(
    set(settings.latency.beams).union(
        *(device.beams for device in devices),
        [settings.target.beam] if settings.target.beam else [],
    )
)
control_point = pruned.wildcard_pattern.format(
    method="control", strength="0", threshold="0", speedup="0", repeat="1"
)


@told_once
def latency_model(wildcards):
    """What predicts a model's latency: where lines are chosen under a requested speed-up."""
    return (
        f"{RESULTS}/latency/local/latency_model.json"
        if wildcards.speedup != "0"
        else []
    )


@told_once
def dense_sizes(wildcards):
    """The baseline's sizes, whose latency a requested speed-up divides."""
    return f"{RESULTS}/baseline/model.json" if wildcards.speedup != "0" else []


def predicted_with(wildcards, values):
    """The dtype or beam of that prediction, the first that is timed; without one neither matters."""
    return values[0] if wildcards.speedup != "0" else None


@told_once
def decoder_layers(wildcards):
    """How many decoder layers may stay; a threshold does not ask."""
    if wildcards.speedup == "0":
        return None
    return method_of(settings, wildcards.method).decoder_layers


@told_once
def relative_strengths(wildcards):
    """What multiplies the strength of a penalty per set; training on without a penalty takes nothing."""
    method = method_of(settings, wildcards.method)
    if method.penalty is None or method.relative_strengths == "equal":
        return []
    stage = {"profile": "sparsity_profile", "cost": "latency/local"}[
        method.relative_strengths
    ]
    return f"{RESULTS}/{stage}/strengths.json"


def start_folder(d_model):
    """Where the baseline lies, as it is or narrowed."""
    if d_model is None:
        return f"{RESULTS}/baseline"
    return f"{RESULTS}/narrow/d_model~{d_model}"


@told_once
def start_model(wildcards):
    """The model that a penalised one is trained on from."""
    folder = start_folder(method_of(settings, wildcards.method).d_model)
    return {
        "weights": f"{folder}/model.safetensors",
        "architecture": f"{folder}/model.json",
    }


def penalised_folder(wildcards):
    """Where the model lies whose lines are chosen: the control's is the continuation without a penalty."""
    point = penalised.wildcard_pattern.format(
        method=method_of(settings, wildcards.method).penalised,
        strength=wildcards.strength,
        repeat=wildcards.repeat,
    )
    return f"{RESULTS}/shs/{point}"


@told_once
def penalised_model(wildcards):
    """The model whose lines are chosen."""
    folder = penalised_folder(wildcards)
    return {
        "weights": f"{folder}/model.safetensors",
        "architecture": f"{folder}/model.json",
    }


@told_once
def head_importance(wildcards):
    """What each head of that model is worth, where whole heads are chosen."""
    if wildcards.method != "heads":
        return []
    return f"{penalised_folder(wildcards)}/head_importance.json"


@told_once
def line_importance(wildcards):
    """What each line of that model is worth to the loss, where the ranking goes by that."""
    if (
        wildcards.speedup == "0"
        or method_of(settings, wildcards.method).score == "norm"
    ):
        return []
    return f"{penalised_folder(wildcards)}/line_importance.json"


def teacher(distillation):
    """Weights and sizes of the model that is distilled from: the control, where it is wanted."""
    if not distillation:
        return []
    folder = f"{RESULTS}/prune/{control_point}"
    return [f"{folder}/model.safetensors", f"{folder}/model.json"]


@told_once
def fine_tuning_teacher(wildcards):
    """What a pruned model distils from as it is fine-tuned."""
    return teacher(method_of(settings, wildcards.method).distillation)


@told_once
def scratch_teacher(wildcards):
    """What a model from scratch distils from."""
    return teacher(settings.scratch[wildcards.name].distillation)


def training_text(sequence_distillation):
    """What a model learns from: the references, or the control's translations in their place."""
    stage = "distillation" if sequence_distillation else "corpus"
    return f"{RESULTS}/{stage}/data-bin"


@told_once
def fine_tuning_text(wildcards):
    """What a pruned model is fine-tuned on."""
    return training_text(method_of(settings, wildcards.method).sequence_distillation)


@told_once
def scratch_text(wildcards):
    """What a model is trained on from scratch."""
    return training_text(settings.scratch[wildcards.name].sequence_distillation)


@told_once
def matched_lines(wildcards):
    """The point whose line counts are kept too: of SHS for magnitude's threshold and for magnitude_matched, magnitude's
    for random.
    """
    if wildcards.method == "random":
        other = {"method": "magnitude"}
    elif wildcards.method == "magnitude_matched":
        other = {"method": "shs", "strength": label(settings.shs.strengths[0])}
    elif wildcards.method == "magnitude" and wildcards.speedup == "0":
        strength = matched_strength(settings, wildcards.threshold)
        other = {"method": "shs", "strength": strength}
    else:
        return []
    folder = pruned.wildcard_pattern.format(**{**dict(wildcards.items()), **other})
    return f"{RESULTS}/prune/{folder}/lines.json"


@told_once
def masked_model(wildcards):
    """The model to compact; `lines` only where something was pruned."""
    if wildcards.method == "baseline":
        folder = f"{RESULTS}/baseline"
    elif wildcards.method.startswith("scratch-"):
        folder = f"{RESULTS}/scratch/{wildcards.method}/repeat~{wildcards.repeat}"
    else:
        point = pruned.wildcard_pattern.format(**wildcards)
        folder = f"{RESULTS}/prune/{point}"
    files = {
        "weights": f"{folder}/model.safetensors",
        "architecture": f"{folder}/model.json",
    }
    if not Point(*wildcards[:5]).is_dense:
        files["lines"] = f"{folder}/lines.json"
    return files


@told_once
def control_hypotheses(wildcards):
    """The control's translations in the same dtype; nothing for the control itself."""
    if wildcards.method == "control" and wildcards.repeat == "1":
        return []
    return f"{RESULTS}/evaluate/{control_point}/dtype~{wildcards.dtype}/hypotheses"


def timed_form(device):
    """The folder of a compact model that the device's engine loads from, a folder per dtype in it."""
    return "ctranslate2" if device.engine == "ctranslate2" else "onnx"


def timed_models(device):
    """The models in that form, the dtype changing fastest."""
    return expand(
        f"{RESULTS}/compact/{{point}}/{timed_form(device)}/{{dtype}}",
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
