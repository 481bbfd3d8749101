# SPDX-License-Identifier: Apache-2.0
"""The error that a kernel fault becomes."""

from typing import Any

from ascend_attention.model.report import Fault, Report


class ModelError(RuntimeError):
    """A kernel broke a rule of the hardware.

    The message says which instruction of which core broke which rule, and where that instruction
    stands in the source when addr2line is installed. Every field of ``Fault`` is an attribute.
    """

    def __init__(self, fault: Fault, report: Report) -> None:
        super().__init__(fault, report)
        self.fault = fault
        self.report = report  # of the launch up to the fault

    def __str__(self) -> str:
        return self.fault.describe()

    def __getattr__(self, name: str) -> Any:
        if name == "fault":  # not set yet: while unpickling
            raise AttributeError(name)
        return getattr(self.fault, name)
