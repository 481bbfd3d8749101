# SPDX-License-Identifier: Apache-2.0
"""Peak memory of a decode in a process of its own, against the size of its inputs and outputs."""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING

from ascend_attention.bench.peak import peak_growth
from ascend_attention.testing import paged_case

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def _measure(context: int, model_mode: str, answer: Connection) -> None:
    from ascend_attention.bench.decode import run_on_model  # noqa: PLC0415

    # A tiny run first: code and libraries are not what is measured.
    run_on_model(paged_case((1,), heads=1, kv_heads=1).filled(), model_mode)
    case = paged_case((context,) * 8, heads=32, kv_heads=8, block_size=128).filled()
    tensors = (case.query, case.key_cache, case.value_cache, case.query)
    size = sum(tensor.nbytes for tensor in tensors)
    _, extra = peak_growth(lambda: run_on_model(case, model_mode))
    answer.send((size, extra))


def extra_memory(context: int, model_mode: str) -> tuple[int, int]:
    """Return the bytes of inputs and outputs, and by how much the launch raised the peak.

    Args:
        context: Tokens of each of 8 sequences.
        model_mode: ``"fast"`` or ``"checked"``.
    """
    spawn = multiprocessing.get_context("spawn")
    receiver, sender = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_measure, args=(context, model_mode, sender))
    process.start()
    sender.close()
    size, extra = receiver.recv()
    process.join()
    return size, extra
