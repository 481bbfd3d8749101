// SPDX-License-Identifier: Apache-2.0
// Soft limit of attention scores: x becomes cap * tanh(x / cap).
#pragma once

#include "kernel_entry.h"
#include "vector_rows.h"

namespace attn {

// values [count] = cap * tanh(values / cap), in place; scratch: [3, count]. Starts and ends with
// instructions in flight: barriers on PIPE_V come before and after.
//
// tanh of half the argument is the [7/6] fraction of Lambert's continued fraction, good to 2^-20
// up to 4.5; tanh(2u) = 2t / (1 + t^2) brings the error below 3e-7 and saturates by itself.
__aicore__ inline void Softcap(const FloatTensor& values, const FloatTensor& scratch, float cap,
                               int32_t count) {
    constexpr float kSaturated = 4.5f;
    const FloatTensor square = scratch;
    const FloatTensor numerator = scratch[count];
    const FloatTensor denominator = scratch[2 * count];

    AscendC::Muls(values, values, 0.5f / cap, count);
    AscendC::PipeBarrier<PIPE_V>();
    AscendC::Mins(values, values, kSaturated, count);
    AscendC::PipeBarrier<PIPE_V>();
    AscendC::Maxs(values, values, -kSaturated, count);
    AscendC::PipeBarrier<PIPE_V>();
    AscendC::Mul(square, values, values, count);
    AscendC::PipeBarrier<PIPE_V>();
    AscendC::Adds(numerator, square, 378.0f, count);
    AscendC::Muls(denominator, square, 28.0f, count);
    AscendC::PipeBarrier<PIPE_V>();
    AscendC::Mul(numerator, numerator, square, count);
    AscendC::Adds(denominator, denominator, 3150.0f, count);
    AscendC::PipeBarrier<PIPE_V>();
    AscendC::Adds(numerator, numerator, 17325.0f, count);
    AscendC::Mul(denominator, denominator, square, count);
    AscendC::PipeBarrier<PIPE_V>();
    AscendC::Mul(numerator, numerator, square, count);
    AscendC::Adds(denominator, denominator, 62370.0f, count);
    AscendC::PipeBarrier<PIPE_V>();
    AscendC::Adds(numerator, numerator, 135135.0f, count);
    AscendC::Mul(denominator, denominator, square, count);
    AscendC::PipeBarrier<PIPE_V>();
    AscendC::Mul(numerator, numerator, values, count);
    AscendC::Adds(denominator, denominator, 135135.0f, count);
    AscendC::PipeBarrier<PIPE_V>();
    AscendC::Div(values, numerator, denominator, count);  // t
    AscendC::PipeBarrier<PIPE_V>();
    AscendC::Mul(square, values, values, count);
    AscendC::Muls(numerator, values, 2.0f * cap, count);
    AscendC::PipeBarrier<PIPE_V>();
    AscendC::Adds(square, square, 1.0f, count);
    AscendC::PipeBarrier<PIPE_V>();
    AscendC::Div(values, numerator, square, count);
}

}  // namespace attn
