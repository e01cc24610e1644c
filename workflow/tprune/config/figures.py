"""Key `figures`: how figures are drawn."""

from typing import Literal

from pydantic import Field

from tprune.config.section import Section


class Figures(Section):
    """Options of every figure; changing one redraws the figures and nothing else."""

    format: Literal["png", "svg", "pdf"] = Field(default="png", description="File format of the figures.")
    dpi: int = Field(default=150, ge=50, le=1200, description="Resolution of png figures, in dots per inch.")
