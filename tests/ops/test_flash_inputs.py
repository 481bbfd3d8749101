# SPDX-License-Identifier: Apache-2.0
"""What flash attention makes of its tensors before the kernel: views, copies, empty calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from ascend_attention import flash_attention, plan_flash_attention
from ascend_attention.model import recorded
from ascend_attention.ops.checks import Checks
from ascend_attention.ops.flash_inputs import FlashInputs, FlashOptions
from ascend_attention.ops.flash_run import expanded_mask, prepare

from tests.ops.flash_wrong import dense, ints, packed, paged

CHECKS = Checks("flash_attention")
SIZES = (2, 4, 5, 9)


def attend(**arguments: Any) -> tuple[torch.Tensor, torch.Tensor]:  # noqa: ANN401
    output, lse = flash_attention(**arguments, return_lse=True)
    return output, lse


def random_dense() -> dict[str, Any]:
    generator = torch.Generator().manual_seed(0)
    return {
        name: torch.randn(tensor.shape, generator=generator).half()
        for name, tensor in dense().items()
    }


MASKS = {
    "whole": torch.zeros(2, 4, 5, 9),
    "of queries and keys": torch.zeros(5, 9),
    "of sequences": torch.zeros(2, 1, 5, 9),
    "of keys": torch.zeros(1, 9),
    "of each sequence's keys": torch.zeros(2, 1, 1, 9),
    "part of a larger one": torch.zeros(2, 4, 8, 16)[:, :, :5, :9],
    "heads first": torch.zeros(4, 2, 5, 9).transpose(0, 1),
}


@pytest.mark.parametrize("name", MASKS)
def test_a_mask_with_contiguous_keys_is_not_copied(name: str) -> None:
    mask = MASKS[name]

    expanded = expanded_mask(CHECKS, "attn_bias", mask, SIZES)

    assert expanded.shape == SIZES
    assert expanded.stride(3) == 1
    assert expanded.data_ptr() == mask.data_ptr()


COPIED = {
    "keys broadcast": (torch.zeros(2, 1, 5, 1), 2 * 5 * 9),
    "all broadcast": (torch.zeros(1, 1), 9),
    "keys strided": (torch.zeros(5, 18)[:, ::2], 5 * 9),
    "queries last": (torch.zeros(9, 5).t(), 5 * 9),
    "keys expanded": (torch.zeros(1, 1, 5, 1).expand(2, 4, 5, 9), 5 * 9),
}


@pytest.mark.parametrize("name", COPIED)
def test_only_what_differs_is_copied_of_other_masks(name: str) -> None:
    mask, elements = COPIED[name]

    expanded = expanded_mask(CHECKS, "attn_bias", mask, SIZES)

    assert expanded.shape == SIZES
    assert expanded.stride(3) == 1
    assert expanded.untyped_storage().nbytes() == 4 * elements


def test_broadcast_masks_give_what_whole_ones_give() -> None:
    arguments = random_dense()
    bias = torch.randn(2, 1, 5, 1, generator=torch.Generator().manual_seed(1))

    output, lse = attend(**arguments, attn_bias=bias)

    expected, expected_lse = attend(**arguments, attn_bias=bias.expand(2, 4, 5, 9).contiguous())
    assert torch.equal(output, expected)
    assert torch.equal(lse, expected_lse)


EXPANDED: dict[str, tuple[str, Callable[[torch.Tensor], torch.Tensor]]] = {
    "query tokens": ("query", lambda t: t[:, :1].expand(2, 5, 4, 32)),
    "query heads": ("query", lambda t: t[:, :, :1].expand(2, 5, 4, 32)),
    "key tokens": ("key", lambda t: t[:, :1].expand(2, 9, 2, 32)),
    "key heads": ("key", lambda t: t[:, :, :1].expand(2, 9, 2, 32)),
    "value rows": ("value", lambda t: t[:1].expand(2, 9, 2, 32)),
    "wide rows": ("value", lambda t: torch.cat([t, t], dim=3)[..., :32]),
    "heads first": ("query", lambda t: t.transpose(1, 2).contiguous().transpose(1, 2)),
}


@pytest.mark.parametrize("name", EXPANDED)
@pytest.mark.parametrize("pack", [1, 2])
def test_strides_make_no_difference(name: str, pack: int) -> None:
    argument, change = EXPANDED[name]
    arguments = random_dense()
    changed = change(arguments[argument])
    assert not changed.is_contiguous()

    output, lse = attend(**{**arguments, argument: changed}, pack=pack)

    expected, expected_lse = attend(**{**arguments, argument: changed.contiguous()}, pack=pack)
    assert torch.equal(output, expected)
    assert torch.equal(lse, expected_lse)


@pytest.mark.parametrize("name", ["key heads", "value rows", "wide rows", "heads first"])
def test_strided_tensors_are_not_copied(name: str) -> None:
    argument, change = EXPANDED[name]
    arguments = random_dense()
    changed = change(arguments[argument])

    call = prepare(CHECKS, FlashInputs(**{**arguments, argument: changed}), FlashOptions())

    assert getattr(call.inputs, argument).data_ptr() == changed.data_ptr()


def test_a_single_token_may_have_any_stride() -> None:
    arguments = random_dense()
    arguments["query"] = arguments["query"][:, :1]
    strange = arguments["query"].as_strided((2, 1, 4, 32), (640, 0, 32, 1))

    output, _ = attend(**{**arguments, "query": strange})

    assert torch.equal(output, attend(**arguments)[0])


@pytest.mark.parametrize("form", [dense, packed, paged])
def test_metadata_may_be_int64_and_strided(form: Any) -> None:  # noqa: ANN401
    arguments = form()
    for name in ("query", "key", "value"):
        arguments[name] = torch.randn(arguments[name].shape).half()
    arguments["seqused_q"] = ints(2, 0, 1) if "cu_seqlens_q" in arguments else ints(5, 3)

    def spread(tensor: torch.Tensor) -> torch.Tensor:
        return torch.stack([tensor.long()] * 2, dim=-1)[..., 0]

    changed = {
        name: spread(tensor) if tensor.dtype == torch.int32 else tensor
        for name, tensor in arguments.items()
    }

    for result, expected in zip(attend(**changed), attend(**arguments), strict=True):
        assert torch.equal(result, expected)


def test_query_tokens_that_do_not_count_give_zeros() -> None:
    output, lse = attend(**random_dense(), seqused_q=ints(3, 0))

    assert output[0, :3].any(dim=-1).all()
    assert not output[0, 3:].any()
    assert not output[1].any()
    assert lse[0, :, :3].isfinite().all()
    assert (lse[0, :, 3:] == -torch.inf).all()
    assert (lse[1] == -torch.inf).all()


EMPTY = {
    "no sequences": {"query": (0, 5, 4, 32), "key": (0, 9, 2, 32), "value": (0, 9, 2, 32)},
    "no query tokens": {"query": (2, 0, 4, 32), "key": (2, 9, 2, 32), "value": (2, 9, 2, 32)},
}


@pytest.mark.parametrize("name", EMPTY)
def test_nothing_is_launched_for_nothing(name: str) -> None:
    tensors = {argument: torch.zeros(shape).half() for argument, shape in EMPTY[name].items()}

    with recorded() as launches:
        output, lse = attend(**tensors)

    assert output.shape == EMPTY[name]["query"]
    assert lse.shape == (*output.shape[:1], 4, *output.shape[1:2])
    assert not launches


def test_no_keys_give_zeros() -> None:
    arguments = dense()
    for name in ("key", "value"):
        arguments[name] = arguments[name][:, :0]

    output, lse = attend(**arguments)

    assert not output.any()
    assert (lse == -torch.inf).all()


def test_no_keys_but_sinks_give_zeros_and_the_sinks() -> None:
    arguments = dense()
    for name in ("key", "value"):
        arguments[name] = arguments[name][:, :0]

    output, lse = attend(**arguments, sinks=torch.tensor([0.0, 1.0, -2.0, 3.0]))

    assert not output.any()
    assert torch.equal(lse, torch.tensor([0.0, 1.0, -2.0, 3.0])[:, None].expand(2, 4, 5))


def test_the_plan_says_what_the_call_does() -> None:
    arguments = random_dense()

    choice = plan_flash_attention(**arguments, row_tile=16, kv_tile=256, num_splits=1)

    with recorded() as launches:
        flash_attention(**arguments, row_tile=16, kv_tile=256, num_splits=1)
    assert (choice.row_tile, choice.kv_tile, choice.partitions) == (16, 256, 1)
    assert len(launches) == 1
    assert launches[0].cores == 3 * choice.cores  # a cube core and two vector cores each
    assert len(choice.core_macs) == choice.cores
    assert sum(choice.core_macs) == 2 * 4 * 5 * 9 * (32 + 32)
    assert "pinned: row_tile, kv_tile, num_splits" in choice.reason
