"""The fixtures of the simulators' own tests."""

from .voipat_bench import docs, each, node, python, receiver
from .voipstudio_bench import heard, make_stage, stage
from .voipsun_bench import box, boxes
from .voxloud_bench import bench

__all__ = ["bench", "box", "boxes", "docs", "each", "heard", "make_stage", "node", "python", "receiver", "stage"]
