// SPDX-License-Identifier: Apache-2.0
// InitOutput: fills a part of GM with one value, from the UB that the kernel has not taken.
#pragma once

#include <algorithm>

#include "ascendc/buffer.h"
#include "ascendc/data_copy.h"
#include "ascendc/vector_fill.h"

namespace AscendC {

template <typename T>
inline void InitOutput(GlobalTensor<T> gmWorkspaceAddr, uint32_t size, T value = 0) {
    if (ASCEND_IS_AIC) {
        return;
    }
    constexpr uint32_t kMostElements = 255 * ONE_BLK_SIZE / sizeof(T);
    LocalTensor<T> piece;
    PopStackBuffer<T, TPosition::LCM>(piece);
    const uint32_t elements = std::min(piece.GetSize(), kMostElements);
    Duplicate(piece, value, static_cast<int32_t>(elements));
    detail::OrderPipes<HardEvent::V_MTE3>();
    for (uint32_t done = 0; done < size; done += elements) {
        const uint32_t count = std::min(elements, size - done);
        DataCopyPad(gmWorkspaceAddr[done], piece,
                    DataCopyExtParams(1, static_cast<uint32_t>(count * sizeof(T)), 0, 0, 0));
    }
}

}  // namespace AscendC
