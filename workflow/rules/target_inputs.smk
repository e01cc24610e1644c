# What section `target` asks for, and the files that depend on it: models at speed-ups near it are chosen among.

from tprune.config.grid import target_grid
from tprune.config.target import device_of, is_predicted
from tprune.errors import TPruneError
from tprune.tables.sources import read_record

if "target" in sys.argv and not settings.target.asked:
    raise TPruneError(
        "target: nothing is asked; set one of target.speedup, target.milliseconds, target.bleu_change_percent"
    )
target_key, target_value = settings.target.asked or ("speedup", 0)
target_device = device_of(settings.target, devices, settings.latency)
target_dtype, target_beam = target_device.dtypes[0], target_device.beams[0]
control_row = target_grid(settings, [])[0]
TARGET = f"{RESULTS}/target"


def path_of(point):
    """Where a row of the grid lies in the folder of each stage."""
    return pruned.wildcard_pattern.format(**point)


def target_widths(wildcards):
    """What each width loses in one shot at each speed-up of the ladder; nothing where there is one width."""
    speedups = read_record(checkpoints.target_ladder.get().output.ladder)["speedups"]
    if len(compared_widths) == 1:
        return []
    return expand(
        rules.one_shot.output.loss,
        method=compared_widths,
        speedup=[label(speedup) for speedup in speedups],
    )


def target_points():
    """The rows of the grid that are chosen among; known when the ladder is, and the width of each."""
    made = read_record(checkpoints.target_width.get().output.width)
    return target_grid(settings, zip(made["methods"], made["speedups"], strict=True))


def target_rows(wildcards):
    """The same as a parameter, which is looked at before they are known."""
    return target_points() if os.path.exists(f"{TARGET}/width.json") else []


def target_models(wildcards):
    """Their models, as the device's engine loads them."""
    return [model_for_target(point) for point in target_points()]


def model_for_target(point):
    """A model in the form and dtype that is timed."""
    form = timed_form(target_device)
    return f"{RESULTS}/compact/{path_of(point)}/{form}/{target_dtype}"


def target_scores(wildcards):
    """Their scores on the validation set."""
    return [
        f"{TARGET}/valid/{path_of(point)}/dtype~{target_dtype}/scores.json"
        for point in target_points()
    ]


def control_on_device(wildcards):
    """The control's time, which makes a speed-up of a time."""
    return f"{TARGET}/control/samples.csv" if target_key == "milliseconds" else []


def chosen_model(wildcards):
    """The chosen model, and its scores on the test set beside the control's."""
    chosen = read_record(checkpoints.target_choice.get().output.choice)["chosen"]
    model = f"{RESULTS}/compact/{chosen['path']}"
    scores = f"{RESULTS}/evaluate/{{}}/dtype~{target_dtype}/scores.json"
    return {
        "weights": f"{model}/model.safetensors",
        "architecture": f"{model}/model.json",
        "float32": f"{model}/ctranslate2/float32",
        "int8": f"{model}/ctranslate2/int8",
        "scores": scores.format(chosen["path"]),
        "control_scores": scores.format(control_point),
    }
