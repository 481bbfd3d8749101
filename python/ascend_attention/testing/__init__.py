# SPDX-License-Identifier: Apache-2.0
"""Random cases, and how far an output may be from the float64 reference."""

from ascend_attention.testing.compare import ABSOLUTE_CAP, Error, compare
from ascend_attention.testing.flash import (
    FORMS,
    FlashCase,
    exact_flash_attention,
    flash_case,
    plain_flash_attention,
)
from ascend_attention.testing.paged import (
    NO_BLOCK,
    PagedCase,
    exact_attention,
    pack_caches,
    packed_caches,
    paged_case,
    plain_attention,
)

__all__ = [
    "ABSOLUTE_CAP",
    "FORMS",
    "NO_BLOCK",
    "Error",
    "FlashCase",
    "PagedCase",
    "compare",
    "exact_attention",
    "exact_flash_attention",
    "flash_case",
    "pack_caches",
    "packed_caches",
    "paged_case",
    "plain_attention",
    "plain_flash_attention",
]
