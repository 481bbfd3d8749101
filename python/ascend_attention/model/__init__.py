# SPDX-License-Identifier: Apache-2.0
"""The AI Core model: runs Ascend C kernels on this machine and checks every rule they must keep.

``compile_kernel(file)`` gives a ``Library``; ``Library.launch(kernel, arguments)`` runs a
kernel and returns a ``Report``; a broken rule is a ``ModelError``. ``options`` and its short
forms ``mode`` and ``checked`` set how launches run, ``recorded`` collects their reports,
``mutate`` proves that the hazard check would notice a missing edge.
"""

from ascend_attention.model.arguments import Buffer, In, InOut, Out, Tiling, Workspace
from ascend_attention.model.compiler import CompileError, compile_command, compile_kernel
from ascend_attention.model.errors import ModelError
from ascend_attention.model.library import Library
from ascend_attention.model.mutation import Mutation, mutate, ordering_sites
from ascend_attention.model.options import Options, checked, current_options, mode, options
from ascend_attention.model.report import (
    Fault,
    Instruction,
    PipeCounters,
    Report,
    Site,
    StreamEntry,
    recorded,
)
from ascend_attention.model.soc import Soc, socs
from ascend_attention.model.streams import stream_difference, stream_digest, streams_of
from ascend_attention.model.symbols import CodeAddress, Place, symbolise

__all__ = [
    "Buffer",
    "CodeAddress",
    "CompileError",
    "Fault",
    "In",
    "InOut",
    "Instruction",
    "Library",
    "ModelError",
    "Mutation",
    "Options",
    "Out",
    "PipeCounters",
    "Place",
    "Report",
    "Site",
    "Soc",
    "StreamEntry",
    "Tiling",
    "Workspace",
    "checked",
    "compile_command",
    "compile_kernel",
    "current_options",
    "mode",
    "mutate",
    "options",
    "ordering_sites",
    "recorded",
    "socs",
    "stream_difference",
    "stream_digest",
    "streams_of",
    "symbolise",
]
