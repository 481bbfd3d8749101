// SPDX-License-Identifier: Apache-2.0
// Overlap of operands, byte by byte. Operands whose hulls are apart cost nothing.
#include "isa/overlap.h"

#include <algorithm>

#include "isa/lane_bytes.h"

namespace npu_model {
namespace {

bool HullsMeet(const Access& a, const Access& b) {
    return !a.Empty() && !b.Empty() && a.base < b.End() && b.base < a.End();
}

// A set of bytes within the hull of one access.
class ByteSet {
 public:
    explicit ByteSet(const Access& hull)
        : first_(hull.base), bytes_(static_cast<size_t>(hull.End() - hull.base)) {}

    void Add(const Access& access) {
        access.ForEachRun([this](uint64_t begin, uint32_t run) {
            const auto at = bytes_.begin() + static_cast<std::ptrdiff_t>(begin - first_);
            std::fill(at, at + run, true);
        });
    }
    bool Meets(const Access& access) const {
        bool meets = false;
        access.ForEachRun([&](uint64_t begin, uint32_t run) {
            const uint64_t from = std::max(begin, first_) - first_;
            const uint64_t to =
                std::min<uint64_t>(begin + run < first_ ? 0 : begin + run - first_, bytes_.size());
            for (uint64_t at = from; at < to && !meets; ++at) {
                meets = bytes_[at];
            }
        });
        return meets;
    }

 private:
    uint64_t first_;
    std::vector<bool> bytes_;
};

Access Row(const Access& access, uint32_t row) {
    Access one = access;
    one.base += static_cast<uint64_t>(row * access.outerStride);
    one.outer = 1;
    return one;
}

}  // namespace

Access EnabledBlocks(const VectorIssue& vector, const VectorBatch& batch, uint32_t base,
                     NpuVectorStride stride, BlockMasks* masks) {
    const int64_t step = int64_t{stride.repeat} * kBlockBytes;
    Access access = Rows(kNpuUb, base + static_cast<uint64_t>(batch.first * step), batch.repeats,
                         step, kBlockBytes, "");
    const uint32_t lanes = vector.LanesPerRepeat();
    access.inner = MarkParts(batch.lanes, 1, lanes, kRepeatBytes / lanes, masks->data());
    access.innerStride = int64_t{stride.block} * kBlockBytes;
    access.bytes = masks->data();
    return access;
}

bool Overlap(const Access& a, const Access& b) {
    if (!HullsMeet(a, b)) {
        return false;
    }
    ByteSet bytes(a);
    bytes.Add(a);
    return bytes.Meets(b);
}

bool RepeatOverlap::Add(const Access& target, const Access& source) {
    const bool earlierPiece =
        std::any_of(targets_.begin(), targets_.end(),
                    [&source](const Access& earlier) { return Overlap(earlier, source); });
    targets_.push_back(target);
    return earlierPiece || AddRows(target, source);
}

bool RepeatOverlap::AddRows(const Access& target, const Access& source) {
    if (!HullsMeet(target, source)) {
        return false;
    }
    ByteSet written(target);
    for (uint32_t row = 0; row < source.outer; ++row) {
        if (written.Meets(Row(source, row))) {
            return true;
        }
        written.Add(Row(target, row));
    }
    return false;
}

}  // namespace npu_model
