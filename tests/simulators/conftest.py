"""The fixtures of the simulators' own tests."""

from .voipstudio_bench import heard, make_stage, stage
from .voipsun_bench import box, boxes
from .voxloud_bench import bench

__all__ = ["bench", "box", "boxes", "heard", "make_stage", "stage"]
