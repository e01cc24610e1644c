"""What the chosen model is given with: the request, the measurement, and its scores on the test set."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from tprune.target.choice import Measured
from tprune.target.measured import change_percent

TEST_KEYS = ("bleu", "bleu_signature", "chrf", "chrf_signature", "p_value", "sentences")
_ASKED = {
    "speedup": "a speed-up of at least {:g}",
    "milliseconds": "at most {:g} ms a sentence",
    "bleu_change_percent": "BLEU within {:+g} % of the control's (validation set)",
}


def record(
    choice: Mapping[str, Any], test: Mapping[str, Any], control_test: Mapping[str, Any]
) -> dict[str, Any]:
    """target.json: `choice` as it was made, with what `TEST_KEYS` name of the model and of the control."""
    return {
        **choice,
        "test": {
            **test,
            "bleu_change_percent": change_percent(test["bleu"], control_test["bleu"]),
            "control_bleu": control_test["bleu"],
            "control_chrf": control_test["chrf"],
        },
    }


def choice_record(
    key: str, value: float, device: Mapping[str, Any], chosen: Measured, measured: Sequence[Measured]
) -> dict[str, Any]:
    """choice.json: what was asked, on which device, what was chosen, and all that it was chosen among."""
    return {
        "asked": {key: value},
        "device": {name: device[name] for name in ("name", "engine", "threads")},
        "dtype": device["dtypes"][0],
        "beam": device["beams"][0],
        "chosen": asdict(chosen),
        "measured": [asdict(one) for one in measured],
    }


def page(target: Mapping[str, Any]) -> str:
    """target.md of target.json."""
    ((key, value),) = target["asked"].items()
    chosen, test = target["chosen"], target["test"]
    p_value = "" if test["p_value"] is None else f", p = {test['p_value']:.3f}"
    lines = [
        f"# {chosen['model']}",
        "",
        f"Asked: {_ASKED[key].format(value)}, on {target['device']['name']} ({target['device']['engine']}, "
        f"{target['device']['threads']} thread(s), {target['dtype']}, beam {target['beam']}).",
        "",
        f"Measured: {chosen['speedup']:.2f}x ({chosen['speedup_low']:.2f}-{chosen['speedup_high']:.2f}) the "
        f"speed of the control, {chosen['milliseconds']:.2f} ms "
        f"({chosen['milliseconds_low']:.2f}-{chosen['milliseconds_high']:.2f}) a sentence.",
        "",
        f"Test set, {test['sentences']} sentences: BLEU {test['bleu']:.2f} "
        f"({test['bleu_change_percent']:+.1f} % against the control's {test['control_bleu']:.2f}{p_value}), "
        f"chrF {test['chrf']:.2f} (the control: {test['control_chrf']:.2f}).",
        "",
        "Chosen among these by BLEU on the validation set:",
        "",
        "| model | speed-up (95 % interval) | ms | BLEU, validation set | change |",
        "|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {one['model']} | {one['speedup']:.2f}x ({one['speedup_low']:.2f}-{one['speedup_high']:.2f}) | "
        f"{one['milliseconds']:.2f} | {one['valid_bleu']:.2f} | {one['valid_bleu_change_percent']:+.1f} % |"
        for one in target["measured"]
    ]
    lines += ["", f"Signatures: {test['bleu_signature']}; {test['chrf_signature']}", ""]
    return "\n".join(lines)
