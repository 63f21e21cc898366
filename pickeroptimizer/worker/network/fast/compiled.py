"""A feature extractor that OpenVINO runs on the CPU."""
from typing import Dict, List

import numpy as np
import openvino as ov
import torch
from torch import Tensor, nn

from ..networks import FeatureExtractor
from .openvino_graph import graph

PRECISIONS = {torch.float32: 'f32', torch.bfloat16: 'bf16'}


class CompiledExtractor(nn.Module):
    """A FeatureExtractor for boxes of one size, in 8 bits if the ranges of its maps are known, else in `precision`.

    Sums of integers have no rounding: in 8 bits the same box gives the same numbers whatever is beside it.
    """

    def __init__(self, extractor: FeatureExtractor, size: int, precision: torch.dtype):
        super().__init__()
        self.channels = extractor.channels
        self._extractor, self._size = extractor, size
        # Threads that are bound to cores would meet those of other programs that are bound to the same ones.
        self._settings = {
            'INFERENCE_NUM_THREADS': torch.get_num_threads(), 'PERFORMANCE_HINT': 'LATENCY',
            'ENABLE_CPU_PINNING': False,
            'INFERENCE_PRECISION_HINT': 'f32' if extractor.ranges else PRECISIONS[precision]}      # of the rest
        self._requests: Dict[bool, ov.InferRequest] = {}

    def forward(self, boxes: Tensor) -> List[Tensor]:
        """Boxes (n, 1, s, s) -> the maps of the four stages, float32."""
        return self._run(boxes, pooled=False)

    def pooled(self, boxes: Tensor) -> Tensor:
        """Boxes (n, 1, s, s) -> the mean of every channel of every stage (n, sum of channels), float32."""
        return self._run(boxes, pooled=True)[0]

    def _run(self, boxes, pooled):
        if pooled not in self._requests:
            model = graph(self._extractor, self._extractor.ranges, self._size, pooled)
            self._requests[pooled] = ov.Core().compile_model(model, 'CPU', self._settings).create_infer_request()
        found = self._requests[pooled].infer([boxes.float().contiguous().numpy()])
        return [torch.from_numpy(np.array(found[number])) for number in range(len(found))]
