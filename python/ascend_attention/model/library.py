# SPDX-License-Identifier: Apache-2.0
"""Kernel libraries and launches."""

import os
from collections.abc import Sequence
from pathlib import Path

from ascend_attention import _native
from ascend_attention.model.arguments import Argument, to_buffers, to_regions
from ascend_attention.model.errors import ModelError
from ascend_attention.model.options import current_options
from ascend_attention.model.report import Fault, Report, record


class Library:
    """A shared library of kernels, compiled against the model's ``kernel_operator.h``.

    Raises:
        OSError: The file cannot be loaded.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).resolve()
        self._native = _native.KernelLibrary(str(self.path))
        # What KERNEL_TASK_TYPE declares: by kernel and tiling key, None for every other key.
        self.kernel_types = self._native.kernel_types

    def __contains__(self, kernel: str) -> bool:
        return self._native.has(kernel)

    def launch(
        self,
        kernel: str,
        arguments: Sequence[Argument],
        *,
        blocks: int = 1,
        type: str | None = None,
        tiling_key: int = 0,
        echo: bool = False,
    ) -> Report:
        """Run a kernel to its end under the ``Options`` in force.

        Args:
            kernel: Name of the entry function.
            arguments: In the order of the entry's parameters; arrays are inputs, bytes a tiling,
                None a null pointer.
            blocks: Of the launch; one AI Core each.
            type: Such as ``AIV_ONLY`` or ``MIX_AIC_1_2``. None takes what the library declares for
                the kernel and key, and ``AIV_ONLY`` where it declares nothing.
            tiling_key: Chooses the kernel's variant.
            echo: Write the kernel's printf to stdout too.

        Raises:
            ModelError: The kernel broke a rule. Outputs hold what was written until then.
            ValueError: The launch names an unknown kernel, type or chip, or an array that a kernel
                cannot take as it is.
        """
        rows = {(kernel, tiling_key), (kernel, None)}
        if type is None and rows.isdisjoint(self.kernel_types):
            type = "AIV_ONLY"
        chosen = current_options()
        buffers = to_buffers(list(arguments))  # owns the memory until the launch is over
        fields = _native.launch(
            self._native,
            kernel,
            to_regions(buffers),
            blocks=blocks,
            type=type,
            tiling_key=tiling_key,
            soc=chosen.soc,
            mode=chosen.mode,
            order=chosen.order,
            seed=chosen.seed,
            collect_sites=chosen.collect_sites,
            collect_stream=chosen.collect_stream,
            mutated_sites=chosen.mutated_sites,
            echo=echo,
        )
        report = Report.from_native(kernel, chosen.mode, fields)
        record(report)
        fault = Fault.from_native(fields["fault"])
        if fault is not None:
            raise ModelError(fault, report)
        return report
