"""The models that are compared, as the paths of the results name them."""

from dataclasses import dataclass

from tprune.errors import TPruneError

UNPRUNED = ("baseline", "control")
METHOD_ORDER = (
    *("baseline", "control", "shs", "group_lasso"),
    *("magnitude", "magnitude_matched", "taylor", "random", "heads"),
)
NAMES = ("method", "strength", "threshold", "speedup", "repeat")


@dataclass(frozen=True)
class Point:
    """One model: `method` and the texts of the other columns of the grid, exactly as in its paths."""

    method: str
    strength: str = "0"
    threshold: str = "0"
    speedup: str = "0"
    repeat: str = "1"

    @classmethod
    def from_pattern(cls, pattern: str) -> "Point":
        """Read "method~M/strength~S/threshold~T/speedup~U/repeat~R" or some of it; else TPruneError."""
        values = dict(part.split("~", 1) for part in pattern.split("/") if "~" in part)
        if not {"method"} <= set(values) <= set(NAMES):
            raise TPruneError(
                f"{pattern}: not of the form method~M/strength~S/threshold~T/speedup~U/repeat~R"
            )
        return cls(**values)

    @property
    def model(self) -> str:
        """The id in the tables' column `model`: shs_0.01_0.35 of a threshold, shs_0.01_2x of a requested
        speed-up, only the method for a dense model; a further repeat ends in _r2.
        """
        chosen = f"{self.speedup}x" if self.speedup != "0" else self.threshold
        name = self.method if self.is_dense else f"{self.method}_{self.strength}_{chosen}"
        return name if self.repeat == "1" else f"{name}_r{self.repeat}"

    @property
    def path(self) -> str:
        """Its place in the folder of each stage."""
        return "/".join(f"{name}~{getattr(self, name)}" for name in NAMES)

    @property
    def is_dense(self) -> bool:
        """Whether the model was trained at its size: baseline, control or scratch-NAME."""
        return self.method in UNPRUNED or self.method.startswith("scratch")

    @property
    def numbers(self) -> dict[str, float | int]:
        """The other columns of the grid as the tables have them."""
        return {
            "strength": float(self.strength),
            "threshold": float(self.threshold),
            "requested_speedup": float(self.speedup),
            "repeat": int(self.repeat),
        }


def method_rank(method: str) -> int:
    """Where rows of `method` stand: as in `METHOD_ORDER`, an ablation after SHS, then the others."""
    method = method.partition("-")[0] if method.startswith("shs-") else method
    return METHOD_ORDER.index(method) if method in METHOD_ORDER else len(METHOD_ORDER)
