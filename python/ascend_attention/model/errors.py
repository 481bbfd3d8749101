# SPDX-License-Identifier: Apache-2.0
"""The error that a kernel fault becomes."""

from ascend_attention.model.report import Fault, Instruction, Report


class ModelError(RuntimeError):
    """A kernel broke a rule of the hardware.

    The message says which instruction of which core broke which rule, and where that instruction
    stands in the source when addr2line is installed.

    Attributes:
        fault: What ``str`` tells, field by field.
        report: Of the launch up to the fault.
    """

    def __init__(self, fault: Fault, report: Report) -> None:
        super().__init__(fault, report)
        self.fault = fault
        self.report = report

    def __str__(self) -> str:
        return self.fault.describe()

    @property
    def kind(self) -> str:
        """Which rule, in a word: ``hazard``, ``address``, ``event``, ..."""
        return self.fault.kind

    @property
    def kernel(self) -> str:
        """Name of the entry function."""
        return self.fault.kernel

    @property
    def core(self) -> str:
        """The core as people call it: ``block 3, AIV``; empty when the launch is at fault."""
        return f"block {self.fault.block}, {self.fault.core_name}" if self.fault.core >= 0 else ""

    @property
    def instruction(self) -> Instruction | None:
        """The instruction that broke the rule."""
        return self.fault.instruction

    @property
    def other(self) -> Instruction | None:
        """The earlier instruction of a hazard or race."""
        return self.fault.other

    @property
    def rule(self) -> str:
        """What has to hold."""
        return self.fault.rule
