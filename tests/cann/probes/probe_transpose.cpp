// SPDX-License-Identifier: Apache-2.0
// Transposes of images: one row a direction and type. What they leave in the temporary buffer does
// not count.
#include "vector_rows.h"

using namespace AscendC;

namespace {

template <class T>
__aicore__ inline void TransposeImages(const probe::Areas& u, TransposeType type) {
    const LocalTensor<uint8_t> temporary = u.Work<uint8_t>();  // and the area behind it
    Transpose(u.Dst<T>(), u.Src0<T>(), temporary, TransposeParamsExt(2, 3, 2, 32, type));
    PipeBarrier<PIPE_ALL>();
    Duplicate(u.Work<int16_t>(), int16_t(0), static_cast<int32_t>(probe::kAreaBytes));
}

// clang-format off
#define IMAGES(T)                                                                   \
    PROBE_ROW("Transpose." #T ".ext.nchw2nhwc",                                     \
              TransposeImages<T>(u, TransposeType::TRANSPOSE_NCHW2NHWC))            \
    PROBE_ROW("Transpose." #T ".ext.nhwc2nchw",                                     \
              TransposeImages<T>(u, TransposeType::TRANSPOSE_NHWC2NCHW))

const probe::Row kRows[] = {
    IMAGES(int8_t) IMAGES(uint8_t) IMAGES(int16_t) IMAGES(uint16_t) IMAGES(half) IMAGES(int32_t)
    IMAGES(uint32_t) IMAGES(float)
};
// clang-format on

}  // namespace

PROBE_KERNEL(probe_transpose, kRows)
