# SPDX-License-Identifier: Apache-2.0
"""A probe library that runs every launch through the real CANN headers too, and compares."""

import ctypes
import os
from collections.abc import Sequence
from contextvars import Context
from dataclasses import asdict, replace

import numpy as np
import pytest
from ascend_attention import model
from ascend_attention.model import Buffer, Tiling, Workspace
from ascend_attention.model.arguments import Argument, to_buffers
from ascend_attention.model.options import current_options

from tests.cann.same_work import assert_equal_work, bytes_of

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
        variants: Kernels of these launches, with their tiling keys.
    """

    def __init__(self, own: str | os.PathLike[str], cann: str | os.PathLike[str]) -> None:
        super().__init__(own)
        self.cann = model.Library(cann)
        self.rows: tuple[str, ...] = ()
        self.compares_instructions = True
        self.compares_order = True
        self.compared = 0
        self.variants: set[tuple[str, int]] = set()

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
        about = f"{', '.join(self.rows) or 'kernel'}: {kernel}, tiling key {tiling_key}"
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
        self.variants.add((kernel, tiling_key))
        return report

    def _declared_type(self, kernel: str, tiling_key: int) -> str:
        types = self.kernel_types
        return types.get((kernel, tiling_key)) or types.get((kernel, None)) or "AIV_ONLY"


class _Copies:
    """The arguments of a launch on copies of all memory, which keep what overlaps together."""

    def __init__(self, arguments: Sequence[Argument]) -> None:
        own = [
            argument if argument is None or _is_made_anew(argument) else buffer
            for argument, buffer in zip(arguments, to_buffers(list(arguments)), strict=True)
        ]
        self._blocks: list[_Block] = []
        for buffer in sorted((x for x in own if isinstance(x, Buffer)), key=lambda x: x.address):
            if self._blocks and buffer.address < self._blocks[-1].end:
                self._blocks[-1].end = max(self._blocks[-1].end, buffer.address + buffer.bytes)
            else:
                self._blocks.append(_Block(buffer.address, buffer.address + buffer.bytes))
        for block in self._blocks:
            block.copy()
        self.arguments = [self._moved(x) if isinstance(x, Buffer) else x for x in own]

    def _moved(self, buffer: Buffer) -> Buffer:
        if buffer.bytes == 0:
            return buffer
        block = next(x for x in self._blocks if x.begin <= buffer.address < x.end)
        address = block.copied.ctypes.data + buffer.address - block.begin
        return replace(buffer, address=address, owner=block.copied)

    def compare(self, about: str) -> None:
        """All memory has the same bits in both."""
        for block in self._blocks:
            mine, theirs = block.own, block.copied
            differs = np.flatnonzero(mine != theirs)
            assert differs.size == 0, (
                f"{about}: {differs.size} of {mine.size} bytes differ, first at {differs[0]}: "
                f"ours {mine[differs[0]]:#04x}, CANN {theirs[differs[0]]:#04x}"
            )


def _is_made_anew(argument: Argument) -> bool:
    """Whether each launch makes its own memory of it."""
    return isinstance(argument, Tiling | Workspace | bytes | bytearray | memoryview)


class _Block:
    """Bytes of the caller, and a copy that lies alike in its page."""

    PAGE = 4096

    def __init__(self, begin: int, end: int) -> None:
        self.begin = begin
        self.end = end

    def copy(self) -> None:
        self.own = np.ctypeslib.as_array(
            (ctypes.c_uint8 * (self.end - self.begin)).from_address(self.begin)
        )
        room = np.empty(self.own.size + 2 * self.PAGE, np.uint8)
        start = (self.begin - room.ctypes.data) % self.PAGE
        self.copied = room[start : start + self.own.size]
        self.copied[:] = self.own
