# SPDX-License-Identifier: Apache-2.0
"""The float64 reference against torch's own attention and against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from ascend_attention.reference import ScoreOptions, attend, merge_attention_states

RANDOM = np.random.default_rng(0)
QUERIES, KEYS, HEADS, KV_HEADS, HEAD_DIM = 5, 9, 4, 2, 16
QUERY = RANDOM.standard_normal((QUERIES, HEADS, HEAD_DIM))
KEY = RANDOM.standard_normal((KEYS, KV_HEADS, HEAD_DIM))
VALUE = RANDOM.standard_normal((KEYS, KV_HEADS, HEAD_DIM - 3))
SLOPES = np.array([0.5, 0.25, -0.125, 2.0])


def torch_attention(bias: np.ndarray) -> np.ndarray:
    """Attend with torch in float64; ``bias`` is ``[heads, queries, keys]``."""
    group = HEADS // KV_HEADS
    query, key, value = (
        torch.from_numpy(np.repeat(x, HEADS // x.shape[1], axis=1)).transpose(0, 1)
        for x in (QUERY, KEY, VALUE)
    )
    assert key.shape[0] == KV_HEADS * group
    out = torch.nn.functional.scaled_dot_product_attention(
        query, key, value, attn_mask=torch.from_numpy(bias), scale=0.3
    )
    return out.transpose(0, 1).numpy()


def bias_of(options: ScoreOptions) -> np.ndarray:
    """Write mask, bias and ALiBi out element by element."""
    bias = np.zeros((HEADS, QUERIES, KEYS))
    left, right = options.window
    prefix = 0 if options.prefix is None else options.prefix[0]
    for head, i, j in np.ndindex(*bias.shape):
        distance = j - (KEYS - QUERIES + i)
        hidden = (
            (options.causal and distance > 0)
            or (left >= 0 and distance < -left)
            or (right >= 0 and distance > right)
        )
        if (hidden and j >= prefix) or (options.mask is not None and not options.mask[head, i, j]):
            bias[head, i, j] = -np.inf
            continue
        if options.alibi_slopes is not None:
            bias[head, i, j] -= options.alibi_slopes[head] * abs(distance)
        if options.bias is not None:
            bias[head, i, j] += options.bias[0, i, j]
    return bias


MASK = RANDOM.random((HEADS, QUERIES, KEYS)) < 0.7
MASK[..., 0] = True
BIAS = RANDOM.standard_normal((1, QUERIES, KEYS))


@pytest.mark.parametrize(
    "options",
    [
        ScoreOptions(),
        ScoreOptions(causal=False),
        ScoreOptions(window=(2, -1)),
        ScoreOptions(window=(0, 0), causal=False),
        ScoreOptions(window=(3, 1), causal=False),
        ScoreOptions(window=(-1, 1), causal=False),
        ScoreOptions(alibi_slopes=SLOPES),
        ScoreOptions(alibi_slopes=SLOPES, causal=False),
        ScoreOptions(alibi_slopes=SLOPES, window=(4, 0)),
        ScoreOptions(prefix=np.array([7])),
        ScoreOptions(prefix=np.array([2]), window=(-1, 1), causal=False),
        ScoreOptions(mask=MASK),
        ScoreOptions(mask=MASK, prefix=np.array([8]), bias=BIAS),
        ScoreOptions(bias=BIAS, causal=False),
        ScoreOptions(bias=BIAS, mask=MASK, alibi_slopes=SLOPES, window=(4, 0)),
    ],
)
def test_what_is_done_to_the_scores_is_what_torch_does(options: ScoreOptions) -> None:
    output, _ = attend(QUERY, KEY, VALUE, 0.3, options)

    np.testing.assert_allclose(output, torch_attention(bias_of(options)), rtol=1e-12)


def test_one_key_by_hand() -> None:
    query, key, value = np.full((1, 1, 1), 2.0), np.full((1, 1, 1), 3.0), np.full((1, 1, 1), 5.0)

    output, lse = attend(query, key, value, 0.5, ScoreOptions(softcap=2.0))
    np.testing.assert_allclose((output[0, 0, 0], lse[0, 0]), (5.0, 2 * np.tanh(1.5)))

    output, lse = attend(query, key, value, 0.5, ScoreOptions(sinks=np.array([3.0])))
    np.testing.assert_allclose((output[0, 0, 0], lse[0, 0]), (2.5, 3 + np.log(2)))


def test_rows_that_see_nothing() -> None:
    output, lse = attend(QUERY, KEY[:2], VALUE[:2], 0.3)
    assert not output[:3].any()
    assert np.isneginf(lse[:3]).all()
    assert np.isfinite(lse[3:]).all()

    sinks = np.arange(4.0)
    output, lse = attend(QUERY, KEY[:0], VALUE[:0], 0.3, ScoreOptions(sinks=sinks))
    assert not output.any()
    np.testing.assert_array_equal(lse, np.tile(sinks, (QUERIES, 1)))


def test_merging_parts_gives_the_whole() -> None:
    whole, whole_lse = attend(QUERY[-1:], KEY, VALUE, 0.3)
    parts = [attend(QUERY[-1:], KEY[own], VALUE[own], 0.3) for own in (slice(0, 4), slice(4, 9))]
    outputs = np.stack([output for output, _ in parts])
    lses = np.stack([lse for _, lse in parts])

    merged, lse = merge_attention_states(outputs, lses)

    np.testing.assert_allclose(merged, whole, rtol=1e-12)
    np.testing.assert_allclose(lse, whole_lse, rtol=1e-12)


@pytest.mark.parametrize("empty", [-np.inf, np.inf])
def test_an_empty_part_changes_nothing_whatever_it_holds(empty: float) -> None:
    outputs = np.stack((np.full((2, 1, 3), 7.0), np.full((2, 1, 3), np.nan)))
    lses = np.stack((np.full((2, 1), 0.5), np.full((2, 1), empty)))

    merged, lse = merge_attention_states(outputs, lses)
    np.testing.assert_array_equal(merged, outputs[0])
    np.testing.assert_array_equal(lse, lses[0])

    merged, lse = merge_attention_states(outputs[1:], lses[1:])
    assert not merged.any()
    assert np.isneginf(lse).all()
