// SPDX-License-Identifier: Apache-2.0
// vgather and vgatherb: elements or blocks from addresses that lie in UB.
#include <cstring>
#include <vector>

#include "isa/lane_bytes.h"
#include "isa/overlap.h"
#include "isa/vector_support.h"
#include "leaf/table.h"

namespace npu_model {
namespace {

constexpr const char* kSource = "Ascend C API, Gather and Gatherb";
constexpr uint32_t kOffsetBytes = 4;
constexpr uint32_t kMostLanes = 128;

// The offsets of an instruction and the places in UB that they name.
class Gathering {
 public:
    // `lanes` offsets a repeat, one behind the other; each names `bytes` bytes.
    Gathering(VectorIssue& vector, uint32_t offsets, uint32_t lanes, uint32_t bytes)
        : vector_(vector), offsets_(offsets), lanes_(lanes), bytes_(bytes) {
        Issue& issue = vector.issue;
        issue.RequireAligned("offset", kNpuUb, offsets, kBlockBytes, kSource);
        for (const VectorBatch& batch : vector) {
            const uint32_t enabled = std::min(EndLane(batch.lanes), lanes);
            const uint32_t stride = lanes * kOffsetBytes;
            Access access = Rows(kNpuUb, offsets + batch.first * stride, batch.repeats, stride,
                                 kBlockBytes, "offset");
            access.inner = (enabled * kOffsetBytes + kBlockBytes - 1) / kBlockBytes;
            access.innerStride = kBlockBytes;
            if (!batch.full) {
                MarkParts(batch.lanes, 1, enabled, kOffsetBytes, used_.data());
                access.bytes = used_.data();
            }
            issue.Peek(issue.Read(access));
        }
    }

    // Checks where the elements lie, and names them as operand.
    void ReadElements(uint64_t source) {
        Issue& issue = vector_.issue;
        for (const VectorBatch& batch : vector_) {
            const leaf::OffsetRange range =
                leaf::Active().offsetRange(Offsets(batch), lanes_, batch.repeats, batch.lanes);
            CheckAlignment(source, range);
            CheckCapacity(source, range);
            CollectPlaces(batch);
        }
        elements_ = Rows(kNpuUb, source, elementCount_, 0, bytes_, "src");
        if (issue.checked) {
            elements_.places = places_.data();
        }
        issue.Read(elements_);
    }

    // The whole instruction must not read what it writes. For checked mode.
    void RequireApart(uint32_t target, NpuVectorStride stride) const {
        for (const VectorBatch& batch : vector_) {
            BlockMasks masks;
            if (Overlap(EnabledBlocks(vector_, batch, target, stride, &masks), elements_)) {
                vector_.issue.Fail(FaultKind::kOverlap, "dst", "must not share bytes with src",
                                   kSource);
            }
        }
    }

    const uint8_t* Offsets(const VectorBatch& batch) const {
        return vector_.issue.core.Ub(offsets_) + batch.first * lanes_ * kOffsetBytes;
    }

 private:
    void CheckAlignment(uint64_t source, const leaf::OffsetRange& range) const {
        const uint64_t unaligned = (source | range.bits) % bytes_;
        if (unaligned != 0) {
            vector_.issue.Fail(FaultKind::kAlignment, "src",
                               "address plus offset must be a multiple of " +
                                   std::to_string(bytes_) + " bytes (remainder " +
                                   std::to_string(unaligned) + ")",
                               kSource);
        }
    }
    void CheckCapacity(uint64_t source, const leaf::OffsetRange& range) const {
        const uint64_t end = source + range.highest + bytes_;
        if (end > NpuLocalBytes(kNpuUb)) {
            vector_.issue.Fail(FaultKind::kAddress, "src",
                               "element at UB byte " + std::to_string(end - bytes_) + " (offset " +
                                   std::to_string(range.highest) + ") must lie within the " +
                                   std::to_string(NpuLocalBytes(kNpuUb)) +
                                   " bytes that a kernel may use",
                               kSource);
        }
    }
    void CollectPlaces(const VectorBatch& batch) {
        const uint32_t enabled =
            std::min(lanes_, static_cast<uint32_t>(__builtin_popcountll(batch.lanes.low) +
                                                   __builtin_popcountll(batch.lanes.high)));
        elementCount_ += enabled * batch.repeats;
        if (!vector_.issue.checked) {
            return;
        }
        const uint8_t* offsets = Offsets(batch);
        for (uint32_t repeat = 0; repeat < batch.repeats; ++repeat) {
            for (uint32_t lane = 0; lane < lanes_; ++lane, offsets += kOffsetBytes) {
                if (batch.full || AnyLane(batch.lanes, lane, 1)) {
                    uint32_t place;
                    std::memcpy(&place, offsets, sizeof(place));
                    places_.push_back(place);
                }
            }
        }
    }

    VectorIssue& vector_;
    uint32_t offsets_;
    uint32_t lanes_;
    uint32_t bytes_;
    std::array<uint32_t, kMostLanes * kOffsetBytes / kBlockBytes> used_;  // bytes of the offsets
    uint32_t elementCount_ = 0;
    std::vector<uint32_t> places_;  // of the elements, in checked mode
    Access elements_{};
};

}  // namespace
}  // namespace npu_model

using namespace npu_model;

void NpuVectorGather(NpuType type, uint32_t target, uint32_t offsets, uint64_t source,
                     uint32_t repeats, uint32_t targetRepeat) {
    const uint32_t size = TypeBytes(type);
    VectorIssue vector("vgather", size, repeats);
    RequireType(vector, size == 2 || size == 4, type, "src", kSource);
    vector.issue.RequireRange("dst repeat stride", targetRepeat, 0, 65535, kSource);
    const NpuVectorStride stride{1, static_cast<uint16_t>(targetRepeat)};
    const int to = vector.Write(target, stride, size, "dst");
    Gathering gathering(vector, offsets, vector.LanesPerRepeat(), size);
    gathering.ReadElements(source);
    vector.Commit();
    if (vector.issue.checked) {
        gathering.RequireApart(target, stride);
    }
    const leaf::Table& table = leaf::Active();
    for (const VectorBatch& batch : vector) {
        (size == 2 ? table.gather2 : table.gather4)(
            vector.Host(to, batch), vector.issue.core.Ub(0) + source, gathering.Offsets(batch),
            batch.repeats, batch.lanes);
    }
}

void NpuVectorGatherBlock(NpuType type, uint32_t target, uint32_t offsets, uint64_t source,
                          uint32_t repeats, NpuVectorStride targetStride) {
    const uint32_t size = TypeBytes(type);
    VectorIssue vector("vgatherb", size, repeats, Masking::kNone);
    RequireType(vector, size == 2 || size == 4, type, "src", kSource);
    targetStride.block = std::max<uint16_t>(targetStride.block, 1);
    const int to = vector.Write(target, targetStride, size, "dst");
    Gathering gathering(vector, offsets, kBlocksPerRepeat, kBlockBytes);
    gathering.ReadElements(source);
    vector.Commit();
    if (vector.issue.checked) {
        gathering.RequireApart(target, targetStride);
    }
    for (const VectorBatch& batch : vector) {
        leaf::Active().gatherBlock(vector.Host(to, batch), vector.issue.core.Ub(0) + source,
                                   gathering.Offsets(batch), batch.repeats);
    }
}
