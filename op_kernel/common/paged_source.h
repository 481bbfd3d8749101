// SPDX-License-Identifier: Apache-2.0
// A paged cache, K or V, as its readers see it: memory, strides and the block table.
#pragma once

#include "kernel_entry.h"
#include "page_runs.h"
#include "paged_cache_view.h"

namespace attn {

template <class Element>
struct PagedSource {
    AscendC::GlobalTensor<Element> memory;  // [blocks, ...], as the layout says
    const PageRuns* pages;
    PagedCacheView view;
    int32_t headDim;
    int32_t pitch;  // headDim rounded up to whole data blocks: elements between rows in UB
};

}  // namespace attn
