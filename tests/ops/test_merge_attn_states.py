# SPDX-License-Identifier: Apache-2.0
"""merge_attn_states: parts of the keys give the whole, empty parts nothing; wrong arguments."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from ascend_attention import merge_attn_states
from ascend_attention.model import recorded
from ascend_attention.reference import merge_attention_states
from ascend_attention.testing import PagedCase, paged_case

from tests.ops.attend import DTYPE_NAMES, DTYPES, State, assert_matches, attend

if TYPE_CHECKING:
    from ascend_attention.model import Report


def state_of_part(case: PagedCase, begin: int, end: int) -> State:
    """Attend to tokens [begin, end) of the only sequence; without any, the output is NaN."""
    if begin == end:
        shape = case.query.shape[:2]
        return torch.full_like(case.query, torch.nan), torch.full(shape, -torch.inf)
    _, heads, head_dim = case.keys.shape
    part = paged_case(
        (end - begin,),
        heads=case.query.shape[1],
        kv_heads=heads,
        head_dim=head_dim,
        dtype=case.query.dtype,
    )
    tokens = case.keys[begin:end], case.values[begin:end]
    return attend(replace(part, query=case.query, keys=tokens[0], values=tokens[1]).filled())


def merged(prefix: State, suffix: State) -> State:
    output, lse = torch.empty_like(prefix[0]), torch.empty_like(prefix[1].t())
    merge_attn_states(output, prefix[0], prefix[1].t(), suffix[0], suffix[1].t(), lse)
    return output, lse.t()


CUTS: dict[str, tuple[int, ...]] = {str(cut): (cut,) for cut in (0, 1, 15, 16, 64, 199, 200)}
RANDOM = random.Random(0)
CUTS |= {
    f"random {parts}": tuple(sorted(RANDOM.randint(0, 200) for _ in range(parts - 1)))
    for parts in (3, 4, 5, 6, 8, 13)
}


@pytest.mark.parametrize("cuts", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("dtype", DTYPES, ids=DTYPE_NAMES)
def test_any_cuts_of_the_keys_give_the_whole(
    dtype: torch.dtype, cuts: tuple[int, ...], launches: list[Report]
) -> None:
    case = paged_case((200,), head_dim=64, dtype=dtype).filled()
    parts = [state_of_part(case, *ends) for ends in itertools.pairwise((0, *cuts, 200))]

    order = random.Random(len(cuts))
    while len(parts) > 1:  # any two neighbours
        left = order.randrange(len(parts) - 1)
        parts[left : left + 2] = [merged(*parts[left : left + 2])]

    assert_matches(case, parts[0])


@pytest.mark.parametrize("empty", [torch.inf, -torch.inf])
def test_states_match_the_reference(empty: float, launches: list[Report]) -> None:
    generator = torch.Generator().manual_seed(0)
    outputs = torch.randn(2, 37, 6, 80, generator=generator)
    lses = 4 * torch.randn(2, 37, 6, generator=generator)
    lses[0, ::3] = empty
    lses[1, ::4] = -empty
    outputs[0, ::3] = torch.nan
    outputs[1, ::4] = torch.nan
    output, lse = torch.empty(37, 6, 80), torch.empty(6, 37)

    # The log-sum-exp is [heads, tokens], here as a view of [tokens, heads].
    merge_attn_states(output, outputs[0], lses[0].t(), outputs[1], lses[1].t(), lse)

    exact, exact_lse = merge_attention_states(outputs.numpy(), lses.numpy())
    torch.testing.assert_close(output.double(), torch.from_numpy(exact), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(lse.t().double(), torch.from_numpy(exact_lse), rtol=1e-6, atol=1e-6)


def arguments() -> dict[str, Any]:
    return {
        "output": torch.zeros(5, 4, 64),
        "prefix_output": torch.randn(5, 4, 64),
        "prefix_lse": torch.randn(4, 5),
        "suffix_output": torch.randn(5, 4, 64),
        "suffix_lse": torch.randn(4, 5),
        "output_lse": torch.zeros(4, 5),
    }


WRONG: dict[str, tuple[Callable[[dict[str, Any]], Any], type[Exception], str]] = {
    "lse by tokens": (
        lambda a: a.update(prefix_lse=a["prefix_lse"].t()),
        ValueError,
        r"prefix_lse shape \(\[5, 4\]\) must be \[4, 5\] \(the heads and tokens",
    ),
    "lse dtype": (
        lambda a: a.update(suffix_lse=a["suffix_lse"].half()),
        TypeError,
        r"suffix_lse dtype \(float16\) must be float32",
    ),
    "one row for all tokens": (
        lambda a: a.update(output=a["output"][:1].expand_as(a["output"])),
        ValueError,
        r"output token stride \(0\) must be from 256",
    ),
    "output shape": (
        lambda a: a.update(output=torch.zeros(4, 4, 64)),
        ValueError,
        r"output shape \(\[4, 4, 64\]\) must be \[5, 4, 64\]",
    ),
    "output dtype": (
        lambda a: a.update(output=a["output"].half()),
        TypeError,
        r"output dtype \(float16\) must be float32 \(that of prefix_output\)",
    ),
    "dtype": (
        lambda a: a.update(prefix_output=a["prefix_output"].double()),
        TypeError,
        r"prefix_output dtype \(float64\) must be float16 or bfloat16 or float32",
    ),
    "in place": (
        lambda a: a.update(output=a["suffix_output"]),
        ValueError,
        r"output \(0x[0-9a-f]+\) must not overlap suffix_output in memory",
    ),
    "lse is a list": (
        lambda a: a.update(output_lse=[0.0]),
        TypeError,
        r"output_lse \(list\) must be a tensor",
    ),
    "strided heads": (
        lambda a: a.update(suffix_output=torch.randn(5, 8, 64)[:, ::2]),
        ValueError,
        r"suffix_output strides \(.*\) must be contiguous from dimension 1 on",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_wrong_argument_is_named_and_nothing_written(name: str) -> None:
    change, error, message = WRONG[name]
    call = arguments()
    written = call["output"], call["output_lse"]
    change(call)

    with recorded() as launches, pytest.raises(error, match=rf"^merge_attn_states: {message}"):
        merge_attn_states(**call)

    assert not launches
    assert not any(tensor.any() for tensor in written)


def test_no_tokens_are_no_launch() -> None:
    call = {
        name: tensor[..., :0] if "lse" in name else tensor[:0]
        for name, tensor in arguments().items()
    }

    with recorded() as launches:
        merge_attn_states(**call)

    assert not launches
