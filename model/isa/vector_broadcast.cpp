// SPDX-License-Identifier: Apache-2.0
// vbrcb: one element to each block.
#include "isa/overlap.h"
#include "isa/vector_support.h"
#include "leaf/table.h"

using namespace npu_model;

namespace {

constexpr const char* kSource = "Ascend C API, Brcb";

}  // namespace

void NpuVectorBroadcast(NpuType type, uint32_t target, uint32_t source,
                        const NpuBroadcastRepeat* repeat) {
    const uint32_t size = TypeBytes(type);
    VectorIssue vector("vbrcb", size, repeat->repeats, Masking::kNone);
    Issue& issue = vector.issue;
    RequireType(vector, size == 2 || size == 4, type, "src", kSource);
    issue.RequireRange("dst block stride", repeat->targetBlock, 1, 65535, kSource);
    issue.RequireAligned("src", kNpuUb, source, kBlockBytes, kSource);
    const NpuVectorStride stride{repeat->targetBlock, repeat->targetRepeat};
    const int to = vector.Write(target, stride, size, "dst");
    const Access from =
        Contiguous(kNpuUb, source, kBlocksPerRepeat * repeat->repeats * size, "src");
    const int read = issue.Read(from);
    vector.Commit();
    const leaf::Table& table = leaf::Active();
    for (const VectorBatch& batch : vector) {
        BlockMasks masks;
        if (issue.checked && Overlap(EnabledBlocks(vector, batch, target, stride, &masks), from)) {
            issue.Fail(FaultKind::kOverlap, "dst", "must not share bytes with src", kSource);
        }
        (size == 2 ? table.broadcast2 : table.broadcast4)(vector.Host(to, batch), issue.Host(read),
                                                          batch.repeats);
    }
}
