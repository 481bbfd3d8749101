# SPDX-License-Identifier: Apache-2.0
"""Attention operators for Huawei Ascend NPUs that also run, and are checked, without one.

Importing this package registers ``torch.ops.ascend_attention``. It imports neither torch_npu nor
triton.
"""

from ascend_attention.ops.copy_blocks import copy_blocks, swap_blocks
from ascend_attention.ops.flash_attention import (
    FlashAttentionChoice,
    flash_attention,
    plan_flash_attention,
)
from ascend_attention.ops.flash_attn import flash_attn_func, flash_attn_varlen_func
from ascend_attention.ops.flash_attn_kvcache import flash_attn_with_kvcache
from ascend_attention.ops.flash_attn_packed import (
    flash_attn_kvpacked_func,
    flash_attn_qkvpacked_func,
    flash_attn_varlen_kvpacked_func,
    flash_attn_varlen_qkvpacked_func,
)
from ascend_attention.ops.kv_cache_dtype import convert_fp8
from ascend_attention.ops.merge_attn_states import merge_attn_states, merge_states
from ascend_attention.ops.paged_attention import (
    PagedAttentionChoice,
    paged_attention,
    plan_paged_attention,
)
from ascend_attention.ops.paged_attention_vllm import paged_attention_v1, paged_attention_v2
from ascend_attention.ops.reshape_and_cache import (
    reshape_and_cache,
    reshape_and_cache_flash,
    reshape_and_cache_nz,
)
from ascend_attention.ops.rotary import apply_rotary_emb
from ascend_attention.ops.sdpa import scaled_dot_product_attention

__version__ = "0.1.0"

__all__ = [
    "FlashAttentionChoice",
    "PagedAttentionChoice",
    "__version__",
    "apply_rotary_emb",
    "convert_fp8",
    "copy_blocks",
    "flash_attention",
    "flash_attn_func",
    "flash_attn_kvpacked_func",
    "flash_attn_qkvpacked_func",
    "flash_attn_varlen_func",
    "flash_attn_varlen_kvpacked_func",
    "flash_attn_varlen_qkvpacked_func",
    "flash_attn_with_kvcache",
    "merge_attn_states",
    "merge_states",
    "paged_attention",
    "paged_attention_v1",
    "paged_attention_v2",
    "plan_flash_attention",
    "plan_paged_attention",
    "reshape_and_cache",
    "reshape_and_cache_flash",
    "reshape_and_cache_nz",
    "scaled_dot_product_attention",
    "swap_blocks",
]
