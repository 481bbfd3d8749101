// SPDX-License-Identifier: Apache-2.0
// vbrcb: one element to each block.
#include "core/names.h"
#include "isa/overlap.h"
#include "isa/vector_issue.h"
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
    if (size != 2 && size != 4) {
        issue.Fail(FaultKind::kType, "src",
                   std::string("of type ") + TypeName(type) + " must have 2 or 4 bytes", kSource);
    }
    issue.RequireRange("dst block stride", repeat->targetBlock, 1, 65535, kSource);
    issue.RequireAligned("src", kNpuUb, source, kBlockBytes, kSource);
    const int to = vector.Write(target, {repeat->targetBlock, repeat->targetRepeat}, size, "dst");
    const Access from =
        Contiguous(kNpuUb, source, kBlocksPerRepeat * repeat->repeats * size, "src");
    const int read = issue.Read(from);
    vector.Commit();
    for (const VectorBatch& batch : vector) {
        Access written = Rows(kNpuUb, target, batch.repeats,
                              int64_t{repeat->targetRepeat} * kBlockBytes, kBlockBytes, "dst");
        written.inner = kBlocksPerRepeat;
        written.innerStride = int64_t{repeat->targetBlock} * kBlockBytes;
        if (issue.checked && Overlap(written, from)) {
            issue.Fail(FaultKind::kOverlap, "dst", "must not share bytes with src", kSource);
        }
        const leaf::Table& table = leaf::Active();
        (size == 2 ? table.broadcast2 : table.broadcast4)(vector.Host(to, batch), issue.Host(read),
                                                          batch.repeats);
    }
}
