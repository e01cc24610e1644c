"""`--optimizer fused_adam`: fairseq's Adam settings, torch's fused kernel on every device."""

import torch
from fairseq.optim import FairseqOptimizer, register_optimizer
from fairseq.optim.adam import FairseqAdam, FairseqAdamConfig


@register_optimizer("fused_adam", dataclass=FairseqAdamConfig)
class FusedAdam(FairseqAdam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019), one pass over each tensor."""

    def __init__(self, cfg: FairseqAdamConfig, params: list[torch.nn.Parameter]) -> None:
        FairseqOptimizer.__init__(self, cfg)
        self._optimizer = torch.optim.AdamW(params, fused=True, **self.optimizer_config)
