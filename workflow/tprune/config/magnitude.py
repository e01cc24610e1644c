"""Key `magnitude`: pruning by the size of weights alone, without a penalty."""

from pydantic import Field

from tprune.config.section import Section, Strength, Threshold


class Match(Section):
    """A point of the SHS grid."""

    strength: Strength = Field(default=0.01, description="One of `shs.strengths`.")
    threshold: Threshold = Field(default=0.5, description="One of `prune.thresholds`.")


class Magnitude(Section):
    """The rival without a penalty, near the same speed-up."""

    matches: list[Match] = Field(
        default=[Match()],
        description="SHS points whose line counts magnitude pruning keeps too; each threshold at most once.",
    )
