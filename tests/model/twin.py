# SPDX-License-Identifier: Apache-2.0
"""A probe library that runs every launch through the real CANN headers too, and compares."""

import os
from collections.abc import Sequence
from contextvars import Context
from dataclasses import asdict

import numpy as np
import pytest
from ascend_attention import model
from ascend_attention.model.arguments import Argument
from ascend_attention.model.options import current_options

from tests.cann.same_work import assert_equal_work, bytes_of
from tests.model.harness import Array, aligned

HEADERS = "CANN headers"  # what a failed check of theirs is a fault of


class Twin(model.Library):
    """Our front end, beside the same kernels compiled through CANN's headers.

    A launch runs ours on the caller's arrays and CANN's on copies of them. Outputs, printed text,
    the work of every pipe and the instruction streams must be equal; only the scalar pipe is left
    out, because the headers use plain pointers there. A launch that is a fault in ours is not
    compared.

    Attributes:
        rows: Of the API list that the running test is about, for messages.
        compares_instructions: Whether work and instruction streams are compared too.
        compares_order: Whether flags and barriers are part of that.
        compared: Number of launches that were equal.
    """

    def __init__(self, own: str | os.PathLike[str], cann: str | os.PathLike[str]) -> None:
        super().__init__(own)
        self.cann = model.Library(cann)
        self.rows: tuple[str, ...] = ()
        self.compares_instructions = True
        self.compares_order = True
        self.compared = 0

    def launch(
        self,
        kernel: str,
        arguments: Sequence[Argument],
        *,
        blocks: int = 1,
        type: str | None = None,
        tiling_key: int = 0,
        echo: bool = False,
    ) -> model.Report:
        """As ``model.Library.launch``."""
        chosen = current_options()
        first, second = _Copies(arguments), _Copies(arguments)
        with model.options(collect_stream=chosen.mode == "checked"):
            report = super().launch(
                kernel, arguments, blocks=blocks, type=type, tiling_key=tiling_key, echo=echo
            )
        if chosen.mutated_sites:
            return report
        about = f"{', '.join(self.rows)}: {kernel}"
        assert kernel in self.cann, f"{about} is not built through the real headers"

        def launch_cann(copies: _Copies, mode: str) -> model.Report:
            changes = {**asdict(chosen), "mode": mode, "collect_stream": mode == "checked"}
            with model.options(**changes):
                return self.cann.launch(
                    kernel,
                    copies.arguments,
                    blocks=blocks,
                    type=type or self._declared_type(kernel, tiling_key),
                    tiling_key=tiling_key,
                )

        # In a context of its own: what the test records are the reports of ours.
        copies, mode = first, chosen.mode
        try:
            try:
                other = Context().run(launch_cann, copies, mode)
            except model.ModelError as error:
                if error.fault.kind != "hazard" or self.compares_order:
                    raise
                copies, mode = second, "fast"  # without our rules then
                other = Context().run(launch_cann, copies, mode)
        except model.ModelError as error:
            if error.fault.instruction is None or error.fault.instruction.name != HEADERS:
                raise
            pytest.skip(f"CANN's CPU build refuses what the chip takes: {error.fault.rule}")
        copies.compare(about)
        assert report.printed == other.printed, (
            f"{about}\nours printed: {report.printed!r}\nCANN printed: {other.printed!r}"
        )
        if self.compares_instructions and self.compares_order and chosen.mode == "checked":
            assert_equal_work(report, other, about)
        elif self.compares_instructions:
            assert bytes_of(report) == bytes_of(other), about
        self.compared += 1
        return report

    def _declared_type(self, kernel: str, tiling_key: int) -> str:
        types = self.kernel_types
        return types.get((kernel, tiling_key)) or types.get((kernel, None)) or "AIV_ONLY"


class _Copies:
    """The arguments of a launch with copies of all arrays."""

    def __init__(self, arguments: Sequence[Argument]) -> None:
        self._pairs: dict[int, tuple[Array, Array]] = {}
        self.arguments = [self._copy(argument) for argument in arguments]

    def _copy(self, argument: Argument) -> Argument:
        if isinstance(argument, np.ndarray):
            return self._copy_of(argument)
        if isinstance(argument, model.In | model.Out | model.InOut):
            return type(argument)(self._copy_of(argument.array), argument.name)
        assert not isinstance(argument, model.Buffer), "memory by address cannot be copied"
        return argument

    def _copy_of(self, array: Array) -> Array:
        if id(array) not in self._pairs:
            copy = aligned(array.shape, array.dtype)
            copy[...] = array
            self._pairs[id(array)] = (array, copy)
        return self._pairs[id(array)][1]

    def compare(self, about: str) -> None:
        """Every array has the same bits in both."""
        for own, cann in self._pairs.values():
            mine, theirs = own.reshape(-1).view(np.uint8), cann.reshape(-1).view(np.uint8)
            differs = np.flatnonzero(mine != theirs)
            assert differs.size == 0, (
                f"{about}: {differs.size} of {mine.size} bytes differ, first at {differs[0]}: "
                f"ours {mine[differs[0]]:#04x}, CANN {theirs[differs[0]]:#04x}"
            )
