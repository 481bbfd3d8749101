# SPDX-License-Identifier: Apache-2.0
"""The ``torch.library`` namespace ``ascend_attention``, shared by all operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

NAMESPACE = "ascend_attention"
LIBRARY = torch.library.Library(NAMESPACE, "DEF")


def _no_backward(name: str) -> Callable[..., Any]:
    def backward(*_: object) -> NoReturn:
        raise NotImplementedError(
            f"{name}: no gradient exists for this operator; call it under torch.no_grad()"
        )

    return backward


def define(schema: str, *, cpu: Callable[..., Any], meta: Callable[..., Any]) -> None:
    """Define an operator with its CPU kernel (the AI Core model) and its Meta kernel.

    Args:
        schema: In the syntax of ``torch.library``, with mutation annotations.
        cpu: Called with CPU tensors.
        meta: Called with fake or meta tensors; checks shapes and returns empty outputs.
    """
    name = schema.split("(", 1)[0]
    LIBRARY.define(schema, tags=(torch.Tag.pt2_compliant_tag,))
    LIBRARY.impl(name, cpu, "CPU")
    torch.library.register_fake(f"{NAMESPACE}::{name}", meta, lib=LIBRARY)
    if "!" not in schema:  # torch takes no formula for an operator that writes its arguments
        torch.library.register_autograd(f"{NAMESPACE}::{name}", _no_backward(name), lib=LIBRARY)
