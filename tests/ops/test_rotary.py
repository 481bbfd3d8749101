# SPDX-License-Identifier: Apache-2.0
"""apply_rotary_emb against float64: every type and form, strides, positions, wrong arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from ascend_attention import apply_rotary_emb
from ascend_attention.model import recorded
from ascend_attention.reference import rotary

from tests.ops.attend import DTYPE_NAMES, DTYPES
from tests.ops.bits import random_bits, same_bits
from tests.ops.rotary_case import POSITIONS, RotaryCase, assert_rotated, rotary_case

if TYPE_CHECKING:
    from ascend_attention.model import Report

FORMS = pytest.mark.parametrize("interleaved", [False, True], ids=["halves", "interleaved"])

# [batch, seqlen, heads, head_dim], rotary_dim: one row; heads and tokens around each limit of a
# tile (4096 elements, 255 rows, 2048 factors); fewer heads than tokens; rows that end in the
# middle of a data block; heads of a token in several tiles.
SHAPES = {
    "one row": ((1, 1, 1, 16), 16),
    "d64": ((2, 9, 6, 64), 64),
    "d64 half": ((2, 9, 6, 64), 32),
    "d80": ((1, 50, 5, 80), 80),
    "d96 of 128": ((3, 7, 9, 128), 96),
    "d128": ((2, 33, 32, 128), 128),
    "one head": ((1, 200, 1, 128), 128),
    "many tokens a tile": ((1, 700, 2, 64), 64),
    "many heads": ((1, 2, 130, 64), 64),
    "narrow": ((1, 40, 300, 20), 16),
    "d192": ((2, 3, 3, 192), 64),
    "d256": ((1, 20, 3, 256), 256),
    "d512": ((1, 3, 2, 512), 512),
    "odd": ((1, 60, 3, 37), 32),
}


def rotated(case: RotaryCase, **how: object) -> torch.Tensor:
    arguments: dict[str, Any] = {"positions": case.positions, **how}
    return apply_rotary_emb(case.x, case.cos, case.sin, case.interleaved, **arguments)


@FORMS
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("tables", ["same", "float"])
@pytest.mark.parametrize("dtype", DTYPES, ids=DTYPE_NAMES)
def test_rotated_heads_match_the_reference(
    dtype: torch.dtype, tables: str, name: str, interleaved: bool, launches: list[Report]
) -> None:
    shape, rotary_dim = SHAPES[name]
    table_dtype = torch.float32 if tables == "float" else dtype
    case = rotary_case(
        shape, rotary_dim, dtype=dtype, table_dtype=table_dtype, interleaved=interleaved
    )

    assert_rotated(case, rotated(case))


def test_a_quarter_turn_by_hand() -> None:
    x = np.arange(4.0).reshape(1, 1, 4)
    cos, sin = np.zeros((1, 2)), np.ones((1, 2))

    halves = rotary(x, cos, sin, np.zeros(1, int), interleaved=False)
    neighbours = rotary(x, cos, sin, np.zeros(1, int), interleaved=True)

    assert halves.tolist() == [[[-2, -3, 0, 1]]]
    assert neighbours.tolist() == [[[-1, 0, -3, 2]]]


@FORMS
@pytest.mark.parametrize("dtype", DTYPES, ids=DTYPE_NAMES)
def test_what_is_not_rotated_keeps_every_bit(
    dtype: torch.dtype, interleaved: bool, launches: list[Report]
) -> None:
    case = rotary_case((2, 20, 3, 100), 48, dtype=dtype, interleaved=interleaved)
    case.x[..., 48:] = random_bits((2, 20, 3, 52), dtype, seed=1)

    assert same_bits(rotated(case)[..., 48:], case.x[..., 48:])


@FORMS
def test_in_place_gives_the_same_bits_and_touches_nothing_else(
    interleaved: bool, launches: list[Report]
) -> None:
    case = rotary_case((2, 30, 5, 128), 64, interleaved=interleaved)
    around = torch.full((2, 32, 3, 7, 130), torch.nan, dtype=torch.float16)
    inside = around[:, 1:31, 1, 1:6, :128]
    inside.copy_(case.x)

    result = rotated(replace(case, x=inside), inplace=True)

    assert result is not None
    assert result.data_ptr() == inside.data_ptr()
    assert torch.equal(inside, rotated(case))
    inside.fill_(torch.nan)
    assert around.isnan().all()


@FORMS
@pytest.mark.parametrize("dtype", DTYPES, ids=DTYPE_NAMES)
def test_strides_of_batch_tokens_and_heads_are_free(
    dtype: torch.dtype, interleaved: bool, launches: list[Report]
) -> None:
    case = rotary_case((2, 21, 4, 64), 32, dtype=dtype, interleaved=interleaved)
    by_heads = torch.full((2, 4, 25, 70), torch.nan, dtype=dtype)
    x = by_heads.transpose(1, 2)[:, 2:23, :, :64]
    x.copy_(case.x)
    table = torch.full((POSITIONS, 3, 16), torch.nan, dtype=dtype)
    table[:, 0], table[:, 2] = case.cos, case.sin

    output = rotated(replace(case, x=x, cos=table[:, 0], sin=table[:, 2]))

    assert torch.equal(output, rotated(case))


def test_a_token_may_be_read_several_times(launches: list[Report]) -> None:
    case = rotary_case((1, 1, 4, 64), 64)
    positions = torch.arange(10, dtype=torch.int32)[None]
    many = rotary_case((1, 10, 4, 64), 64, positions=positions)
    repeated = replace(many, x=case.x.expand(1, 10, 4, 64))

    assert_rotated(repeated, rotated(repeated))


OFFSETS = {
    "none": (0, [0, 0, 0]),
    "number": (11, [11, 11, 11]),
    "one a sequence": (torch.tensor([5, 0, 270], dtype=torch.int32), [5, 0, 270]),
}


@pytest.mark.parametrize("name", OFFSETS)
def test_offsets_are_the_positions_of_first_tokens(name: str, launches: list[Report]) -> None:
    offsets, first = OFFSETS[name]
    positions = torch.tensor(first, dtype=torch.int32)[:, None] + torch.arange(30)
    case = rotary_case((3, 30, 2, 64), 64, positions=positions.int())

    assert torch.equal(rotated(case, positions=None, seqlen_offsets=offsets), rotated(case))


@pytest.mark.parametrize("name", OFFSETS)
def test_packed_sequences_begin_at_their_offsets(name: str, launches: list[Report]) -> None:
    offsets, first = OFFSETS[name]
    lengths = (4, 0, 9)
    positions = torch.cat(
        [start + torch.arange(length) for start, length in zip(first, lengths, strict=True)]
    )
    case = rotary_case((1, 13, 2, 64), 64, positions=positions[None].int())
    packed = replace(case, x=case.x[0], positions=positions)

    output = rotated(
        packed, positions=None, seqlen_offsets=offsets, cu_seqlens=torch.tensor([0, 4, 4, 13])
    )

    assert torch.equal(output, rotated(packed))
    assert_rotated(case, output[None])


def arguments() -> dict[str, Any]:
    case = rotary_case((2, 3, 4, 64), 32)
    return {
        "x": case.x,
        "cos": case.cos,
        "sin": case.sin,
        "positions": case.positions.clone(),
        "inplace": True,
    }


def with_position(value: int) -> Callable[[dict[str, Any]], None]:
    def change(call: dict[str, Any]) -> None:
        call["positions"][1, 2] = value

    return change


WRONG: dict[str, tuple[Callable[[dict[str, Any]], Any], type[Exception], str]] = {
    "position below 0": (
        with_position(-1),
        ValueError,
        r"positions\[1, 2\] \(-1\) must be at least 0 and less than 300, the rows of cos",
    ),
    "position behind the tables": (
        with_position(300),
        ValueError,
        r"positions\[1, 2\] \(300\) must be at least 0",
    ),
    "rank": (
        lambda a: a.update(x=a["x"][0, 0]),
        ValueError,
        r"x \(\[4, 64\]\) must have 3 or 4 dimensions",
    ),
    "no tensor": (
        lambda a: a.update(cos=a["cos"].tolist()),
        TypeError,
        r"cos \(list\) must be a tensor",
    ),
    "dtype": (
        lambda a: a.update(x=a["x"].double()),
        TypeError,
        r"x dtype \(float64\) must be float16 or bfloat16 or float32",
    ),
    "dtype of tables": (
        lambda a: a.update(cos=a["cos"].bfloat16(), sin=a["sin"].bfloat16()),
        TypeError,
        r"cos dtype \(bfloat16\) must be float16 or float32 \(that of x, or float\)",
    ),
    "tables of two dtypes": (
        lambda a: a.update(sin=a["sin"].float()),
        TypeError,
        r"sin dtype \(float32\) must be float16 \(that of cos\)",
    ),
    "tables of two shapes": (
        lambda a: a.update(sin=a["sin"][1:]),
        ValueError,
        r"sin shape \(\[299, 16\]\) must be \[300, 16\] \(that of cos\)",
    ),
    "rotary_dim": (
        lambda a: a.update(cos=a["cos"][:, :4], sin=a["sin"][:, :4]),
        ValueError,
        r"rotary_dim, twice the columns of cos \(8\) must be a multiple of 16 up to the head_dim "
        r"of x \(64\)",
    ),
    "rotary_dim beyond head_dim": (
        lambda a: a.update(x=a["x"][..., :20]),
        ValueError,
        r"rotary_dim, twice the columns of cos \(32\) must be a multiple of 16 up to",
    ),
    "head_dim": (
        lambda a: a.update(x=torch.zeros(2, 3, 4, 528).half()),
        ValueError,
        r"x head_dim \(528\) must be from 16 to 512",
    ),
    "last dimension": (
        lambda a: a.update(x=torch.zeros(2, 3, 4, 128).half()[..., ::2]),
        ValueError,
        r"x strides \(.*\) must be contiguous from dimension 3 on",
    ),
    "rows that share memory": (
        lambda a: a.update(x=torch.zeros(2, 1, 4, 64).half().expand(2, 3, 4, 64)),
        ValueError,
        r"output token stride \(0\) must be at least 64, so that no two rows share memory",
    ),
    "tables inside x": (
        lambda a: a.update(cos=a["x"].view(-1, 16)[:30], sin=a["sin"][:30]),
        ValueError,
        r"x \(0x[0-9a-f]+\) must not overlap cos in memory",
    ),
    "positions of another shape": (
        lambda a: a.update(positions=a["positions"][:, :2]),
        ValueError,
        r"positions shape \(\[2, 2\]\) must be \[2, 3\] \(those of the tokens of x\)",
    ),
    "positions and offsets": (
        lambda a: a.update(seqlen_offsets=3),
        ValueError,
        r"positions \(\(2, 3\)\) must come without seqlen_offsets and cu_seqlens",
    ),
    "packed without lengths": (
        lambda a: a.update(x=a["x"][0], positions=None),
        ValueError,
        r"x \(\[3, 4, 64\]\) must have 3 dimensions with cu_seqlens or positions",
    ),
    "cu_seqlens": (
        lambda a: a.update(x=a["x"][0], positions=None, cu_seqlens=torch.tensor([0, 2])),
        ValueError,
        r"cu_seqlens \(\[0, 2\]\) must rise from 0 to the tokens of x \(3\)",
    ),
    "offsets": (
        lambda a: a.update(positions=None, seqlen_offsets=torch.tensor([1])),
        ValueError,
        r"seqlen_offsets shape \(\[1\]\) must be \[2\] \(one a sequence\)",
    ),
    "list of offsets": (
        lambda a: a.update(positions=None, seqlen_offsets=[1, 2]),
        TypeError,
        r"seqlen_offsets \(list\) must be a whole number or a tensor",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_wrong_argument_is_named_and_nothing_written(name: str) -> None:
    change, error, message = WRONG[name]
    call = arguments()
    change(call)
    before = call["x"].clone()

    with recorded() as launches, pytest.raises(error, match=rf"^apply_rotary_emb: {message}"):
        apply_rotary_emb(**call)

    assert not launches
    assert torch.equal(call["x"], before)


@pytest.mark.parametrize("shape", [(0, 3, 4, 64), (2, 0, 4, 64)], ids=["batch", "seqlen"])
def test_no_tokens_are_no_launch(shape: tuple[int, int, int, int]) -> None:
    x, tables = torch.zeros(shape), torch.zeros(5, 32)

    with recorded() as launches:
        assert apply_rotary_emb(x, tables, tables).shape == shape

    assert not launches
