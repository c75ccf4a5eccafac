"""Switches of the compiler, which are noted and change nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from .._dynamo.config import patch as patch

coordinate_descent_tuning = coordinate_descent_check_all_directions = force_fuse_int_mm_with_mul = False
max_autotune = max_autotune_gemm = freezing = fx_graph_cache = epilogue_fusion = pattern_matcher = False
post_grad_custom_post_pass: Any = None
triton, cpp, cuda = SimpleNamespace(unique_kernel_names=False, cudagraphs=False), SimpleNamespace(), SimpleNamespace()
