# SPDX-License-Identifier: Apache-2.0
"""Attention operators for Huawei Ascend NPUs that also run, and are checked, without one.

Importing this package registers ``torch.ops.ascend_attention``. It imports neither torch_npu nor
triton.
"""

from ascend_attention.ops.paged_attention import paged_attention
from ascend_attention.ops.reshape_and_cache import reshape_and_cache_flash

__version__ = "0.1.0"

__all__ = ["__version__", "paged_attention", "reshape_and_cache_flash"]
