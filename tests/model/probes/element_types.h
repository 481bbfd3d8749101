// SPDX-License-Identifier: Apache-2.0
// The element types that moves are probed with, in the order of the tests' numbers.
#pragma once

// X(name, type), for enumerators and for the cases of a switch.
#define PROBE_ELEMENT_TYPES(X) \
    X(kInt8, int8_t)           \
    X(kUint8, uint8_t)         \
    X(kInt16, int16_t)         \
    X(kUint16, uint16_t)       \
    X(kHalf, half)             \
    X(kBfloat16, bfloat16_t)   \
    X(kInt32, int32_t)         \
    X(kUint32, uint32_t)       \
    X(kFloat, float)           \
    X(kInt64, int64_t)
#define PROBE_ELEMENT_NAME(name, T) name,
