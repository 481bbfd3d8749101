# SPDX-License-Identifier: Apache-2.0
"""Kernel arguments: memory of the caller, registered with the model as it is, never copied."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ascend_attention import _native

Array = npt.NDArray[Any]

POISON = 0xFF  # NaN in every float type, -1 in every signed integer


@dataclass(frozen=True)
class Buffer:
    """Memory by address, such as that of a torch tensor.

    Attributes:
        address: Of the first byte.
        bytes: That the kernel may touch; 0 for an empty tensor.
        writable: False makes a store by the kernel a fault.
        defined: False makes reading before writing a fault.
        name: Of the argument, in messages.
        owner: Kept alive while the launch runs.
    """

    address: int
    bytes: int
    writable: bool = False
    defined: bool = True
    name: str = ""
    owner: object = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class _ArrayArgument:
    """A contiguous numpy array."""

    array: Array
    name: str = ""

    writable = False
    defined = True

    def buffer(self) -> Buffer:
        """Describe the memory; ValueError for an array that a kernel cannot take as it is."""
        if not self.array.flags.c_contiguous:
            raise ValueError(f"launch: argument {self.name} must be a C-contiguous array")
        if self.writable and not self.array.flags.writeable:
            raise ValueError(f"launch: argument {self.name} must be a writable array")
        array = self.array
        return Buffer(
            array.ctypes.data, array.nbytes, self.writable, self.defined, self.name, array
        )


class In(_ArrayArgument):
    """An input: storing into it is a fault."""


class Out(_ArrayArgument):
    """An output: reading it before writing is a fault."""

    writable = True
    defined = False


class InOut(_ArrayArgument):
    """An array that the kernel reads and writes."""

    writable = True


@dataclass(frozen=True)
class Workspace:
    """Fresh memory without contents: poisoned, and reading it before writing is a fault.

    Attributes:
        bytes: Of the whole.
        name: In messages.
        reserved: First bytes, which CANN keeps to itself: as the system gives them, for the sake
            of launches that are shorter than poisoning them.
    """

    bytes: int
    name: str = "workspace"
    reserved: int = 0

    def buffer(self) -> Buffer:
        """Allocate the memory; the buffer owns it."""
        memory = np.empty(self.bytes, np.uint8)
        memory[self.reserved :] = POISON
        return Out(memory, self.name).buffer()


@dataclass(frozen=True)
class Tiling:
    """A tiling struct as its bytes: anything with the buffer protocol."""

    data: Any
    name: str = "tiling"

    def buffer(self) -> Buffer:
        """Copy the bytes to memory of their own, in whole words; the buffer owns it."""
        # Kernels read it in words of 4 bytes.
        data = bytes(self.data)
        padded = np.frombuffer(data.ljust(-(-len(data) // 4) * 4, b"\0"), np.uint8)
        # A copy into memory of numpy's allocator, whose alignment suits any tiling field.
        return In(padded.copy(), self.name).buffer()


Argument = Buffer | _ArrayArgument | Workspace | Tiling | Array | bytes | None


def _wrap(argument: Argument, position: int) -> Buffer:
    default = f"argument {position}"
    if isinstance(argument, Buffer):
        return argument
    if isinstance(argument, bytes | bytearray | memoryview):
        return Tiling(argument).buffer()
    if isinstance(argument, np.ndarray):
        return In(argument, default).buffer()
    if isinstance(argument, _ArrayArgument):
        return type(argument)(argument.array, argument.name or default).buffer()
    if isinstance(argument, Workspace | Tiling):
        return argument.buffer()
    raise TypeError(
        f"launch: {default} ({type(argument).__name__}) must be an array, In, Out, InOut, "
        "Workspace, Tiling, Buffer, bytes or None"
    )


def to_buffers(arguments: list[Argument]) -> list[Buffer | None]:
    """Describe the memory of each argument; None stays a null pointer."""
    return [
        None if argument is None else _wrap(argument, position)
        for position, argument in enumerate(arguments)
    ]


def to_regions(buffers: list[Buffer | None]) -> list[_native.Region | None]:
    """The same, as the native launch takes it."""
    return [
        None
        if buffer is None
        else _native.Region(
            address=buffer.address,
            bytes=buffer.bytes,
            writable=buffer.writable,
            defined=buffer.defined,
            name=buffer.name or f"argument {position}",
        )
        for position, buffer in enumerate(buffers)
    ]
