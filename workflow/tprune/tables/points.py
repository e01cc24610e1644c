"""The models that are compared, as the paths of the results name them."""

from dataclasses import dataclass

from tprune.errors import TPruneError

UNPRUNED = ("baseline", "control")
METHOD_ORDER = ("baseline", "control", "shs", "group_lasso", "magnitude")


@dataclass(frozen=True)
class Point:
    """One model: `method` and the texts of `strength` and `threshold`, exactly as in its paths."""

    method: str
    strength: str = "0"
    threshold: str = "0"

    @classmethod
    def from_pattern(cls, pattern: str) -> "Point":
        """Read "method~M/strength~S" or "method~M/strength~S/threshold~T"; else TPruneError."""
        values = dict(part.split("~", 1) for part in pattern.split("/") if "~" in part)
        if not {"method"} <= set(values) <= {"method", "strength", "threshold"}:
            raise TPruneError(f"{pattern}: not of the form method~M/strength~S/threshold~T")
        return cls(**values)

    @property
    def model(self) -> str:
        """The id in the tables' column `model`: shs_0.01_0.35, or only the method for a dense model."""
        if self.is_dense:
            return self.method
        return f"{self.method}_{self.strength}_{self.threshold}"

    @property
    def is_dense(self) -> bool:
        """Whether the model was trained at its size: baseline, control or scratch-NAME."""
        return self.method in UNPRUNED or self.method.startswith("scratch")

    @property
    def key(self) -> tuple[str, float, float]:
        """What joins tables: the numbers of 0.20 and 0.2 are the same."""
        return self.method, float(self.strength), float(self.threshold)


def method_rank(method: str) -> int:
    """Where rows of `method` stand: baseline, control, shs, group_lasso, magnitude, then the others."""
    return METHOD_ORDER.index(method) if method in METHOD_ORDER else len(METHOD_ORDER)
