// SPDX-License-Identifier: Apache-2.0
// vconv between element types, and the conversions that scale (vconv_deq and its kin).
#include <array>
#include <cstring>

#include "isa/vector_support.h"
#include "leaf/table.h"

namespace npu_model {
namespace {

constexpr const char* kSource = "Ascend C API, Cast";
constexpr const char* kDeqSource = "Ascend C API, CastDequant and SetDeqScale";

// Suffix of each rounding in a name; '-' stands for none.
constexpr char kSuffixes[] = "-rfcazo";
static_assert(sizeof(kSuffixes) - 1 == kNpuRoundingCount);
constexpr leaf::Rounding kLeafRoundings[] = {leaf::kRoundRint, leaf::kRoundRint, leaf::kRoundFloor,
                                             leaf::kRoundCeil, leaf::kRoundAway, leaf::kRoundTrunc,
                                             leaf::kRoundOdd};

// The pairs that 910B has, and the suffixes of each.
struct Conversion {
    NpuType source, target;
    const char* name;
    const char* suffixes;
};
constexpr Conversion kConversions[] = {
    {kNpuF16, kNpuF32, "vconv_f162f32", "-"},       {kNpuBf16, kNpuF32, "vconv_bf162f32", "-"},
    {kNpuF32, kNpuF16, "vconv_f322f16", "-rfcazo"}, {kNpuF32, kNpuBf16, "vconv_f322bf16", "rfcaz"},
    {kNpuF32, kNpuF32, "vconv_f322f32", "rfcaz"},   {kNpuF32, kNpuS64, "vconv_f322s64", "rfcaz"},
    {kNpuF32, kNpuS32, "vconv_f322s32", "rfcaz"},   {kNpuF32, kNpuS16, "vconv_f322s16", "rfcaz"},
    {kNpuF16, kNpuS32, "vconv_f162s32", "rfcaz"},   {kNpuF16, kNpuS16, "vconv_f162s16", "rfcaz"},
    {kNpuF16, kNpuS8, "vconv_f162s8", "-rfcaz"},    {kNpuF16, kNpuU8, "vconv_f162u8", "-rfcaz"},
    {kNpuF16, kNpuS4, "vconv_f162s4", "-rfcaz"},    {kNpuBf16, kNpuS32, "vconv_bf162s32", "rfcaz"},
    {kNpuS4, kNpuF16, "vconv_s42f16", "-"},         {kNpuS8, kNpuF16, "vconv_s82f16", "-"},
    {kNpuU8, kNpuF16, "vconv_u82f16", "-"},         {kNpuS16, kNpuF16, "vconv_s162f16", "-rfcaz"},
    {kNpuS16, kNpuF32, "vconv_s162f32", "-"},       {kNpuS32, kNpuF32, "vconv_s322f32", "-rfcaz"},
    {kNpuS32, kNpuS16, "vconv_s322s16", "-"},       {kNpuS32, kNpuS64, "vconv_s322s64", "-"},
    {kNpuS64, kNpuS32, "vconv_s642s32", "-"},       {kNpuS64, kNpuF32, "vconv_s642f32", "rfcaz"},
};

// Names with suffix by source, target and rounding; empty where the form does not exist.
class NameTable {
 public:
    NameTable() {
        for (const Conversion& conversion : kConversions) {
            auto& names = names_[conversion.source][conversion.target];
            names.base = conversion.name;
            for (const char* at = conversion.suffixes; *at != '\0'; ++at) {
                const size_t rounding =
                    static_cast<size_t>(std::strchr(kSuffixes, *at) - kSuffixes);
                names.full[rounding] = conversion.name + std::string(*at == '-' ? 0 : 1, *at);
            }
        }
    }

    bool HasPair(NpuType source, NpuType target) const {
        return names_[source][target].base != nullptr;
    }
    bool Has(NpuType source, NpuType target, NpuRounding rounding) const {
        return !names_[source][target].full[rounding].empty();
    }
    // A name for messages where the form does not exist.
    const char* Name(NpuType source, NpuType target, NpuRounding rounding) const {
        const Names& names = names_[source][target];
        return Has(source, target, rounding) ? names.full[rounding].c_str()
               : names.base != nullptr       ? names.base
                                             : "vconv";
    }

 private:
    struct Names {
        const char* base = nullptr;
        std::array<std::string, kNpuRoundingCount> full;
    };
    std::array<std::array<Names, kNpuTypeCount>, kNpuTypeCount> names_;
};

const NameTable& Names() {
    static const NameTable names;
    return names;
}

uint32_t Bits(NpuType type) { return type == kNpuS4 ? 4 : 8 * TypeBytes(type); }
LaneLayout Layout(NpuType type) { return {Bits(type), 8 * kBlockBytes / Bits(type), 0}; }

// Two values of 4 bits share a byte, so their lanes are enabled together.
void RequireWholeBytes(const VectorIssue& vector) {
    constexpr uint64_t kEven = 0x5555555555555555;
    for (const VectorBatch& batch : vector) {
        const uint64_t low = batch.lanes.low ^ (batch.lanes.low >> 1);
        const uint64_t high = batch.lanes.high ^ (batch.lanes.high >> 1);
        if (((low | high) & kEven) != 0) {
            vector.issue.Fail(FaultKind::kParameter, "mask",
                              "must enable both int4b_t values of a byte or none", kSource);
        }
    }
}

// The parameters in one word of DEQSCALE: a scale of 19 bits, an offset of 9 bits, a sign flag.
void SetDequant(uint64_t word, size_t lane, leaf::Dequant* dequant) {
    constexpr uint32_t kScaleBits = 0xFFFFE000;
    const uint32_t scale = static_cast<uint32_t>(word) & kScaleBits;
    std::memcpy(&dequant->scale[lane], &scale, sizeof(scale));
    const auto offset = static_cast<int32_t>(word >> 37 & 0x1FF);
    dequant->offset[lane] = static_cast<float>(offset < 256 ? offset : offset - 512);
    dequant->isSigned[lane] = (word >> 46 & 1) != 0;
}

constexpr size_t kDequantWords = 16;

// The UB address of the parameter words, in units of 32 bytes, is in DEQSCALE.
Access DequantWords(uint64_t deqScale) {
    return Contiguous(kNpuUb, (deqScale & 0x3FFF) * kBlockBytes, kDequantWords * sizeof(uint64_t),
                      "deq parameters");
}

leaf::Dequant ReadDequant(const VectorIssue& vector, bool perLane) {
    const Core& core = vector.issue.core;
    leaf::Dequant dequant;
    std::array<uint64_t, kDequantWords> words;
    words.fill(core.registers.deqScale);
    if (perLane) {
        const Access access = DequantWords(core.registers.deqScale);
        std::memcpy(words.data(), vector.issue.core.Ub(static_cast<uint32_t>(access.base)),
                    sizeof(words));
    }
    for (size_t lane = 0; lane < words.size(); ++lane) {
        SetDequant(words[lane], lane, &dequant);
    }
    return dequant;
}

}  // namespace
}  // namespace npu_model

using namespace npu_model;

void NpuVectorConvert(NpuType sourceType, NpuType targetType, NpuRounding rounding, uint32_t target,
                      uint32_t source, const NpuUnaryRepeat* repeat) {
    const uint32_t widest = std::max(TypeBytes(sourceType), TypeBytes(targetType));
    VectorIssue vector(Names().Name(sourceType, targetType, rounding), widest, repeat->repeats);
    RequireTypes(vector, Names().HasPair(sourceType, targetType), sourceType, targetType, kSource);
    if (!Names().Has(sourceType, targetType, rounding)) {
        vector.issue.Fail(FaultKind::kParameter, "roundMode",
                          "(" + std::to_string(rounding) + ") must be one that exists for " +
                              TypeName(sourceType) + " to " + TypeName(targetType),
                          kSource);
    }
    if (sourceType == kNpuS4 || targetType == kNpuS4) {
        RequireWholeBytes(vector);
    }
    const int write = vector.WriteLanes(target, repeat->target, Layout(targetType), "dst");
    const int read = vector.ReadLanes(
        source, repeat->source, Layout(sourceType), "src",
        Bits(targetType) < Bits(sourceType) ? Sharing::kNarrowing : Sharing::kSameBytes);
    vector.Commit();
    const leaf::UnaryFn function =
        leaf::Active().convert[sourceType][targetType][kLeafRoundings[rounding]];
    for (const VectorBatch& batch : vector) {
        function(vector.Host(write, batch), vector.Host(read, batch), batch.repeats, batch.lanes);
    }
}

void NpuSetDeqScale(uint64_t value) { CurrentCore().registers.deqScale = value; }

void NpuVectorDequantToHalf(uint32_t target, uint32_t source, const NpuUnaryRepeat* repeat) {
    VectorIssue vector("vconv_deq", sizeof(int32_t), repeat->repeats);
    const int write = vector.Write(target, repeat->target, sizeof(uint16_t), "dst");
    const int read =
        vector.Read(source, repeat->source, sizeof(int32_t), "src", Sharing::kNarrowing);
    vector.Commit();
    const auto scale = static_cast<uint16_t>(vector.issue.core.registers.deqScale);
    for (const VectorBatch& batch : vector) {
        leaf::Active().dequantToHalf(vector.Host(write, batch), vector.Host(read, batch), scale,
                                     batch.repeats, batch.lanes);
    }
}

void NpuVectorDequantToByte(bool perLane, bool highHalf, uint32_t target, uint32_t source,
                            const NpuUnaryRepeat* repeat) {
    constexpr const char* kNames[2][2] = {{"vconv_deqs162b8l", "vconv_deqs162b8h"},
                                          {"vconv_vdeqs162b8l", "vconv_vdeqs162b8h"}};
    constexpr uint32_t kLanesPerBlock = kBlockBytes / sizeof(int16_t);
    VectorIssue vector(kNames[perLane][highHalf], sizeof(int16_t), repeat->repeats);
    const LaneLayout half{8, kLanesPerBlock, highHalf ? kLanesPerBlock : 0};
    const int write = vector.WriteLanes(target, repeat->target, half, "dst");
    const int read = vector.Read(source, repeat->source, sizeof(int16_t), "src", Sharing::kNothing);
    if (perLane) {
        vector.issue.Read(DequantWords(vector.issue.core.registers.deqScale));
    }
    vector.Commit();
    const leaf::Dequant dequant = ReadDequant(vector, perLane);
    for (const VectorBatch& batch : vector) {
        leaf::Active().dequantToByte(vector.Host(write, batch), vector.Host(read, batch), dequant,
                                     highHalf, batch.repeats, batch.lanes);
    }
}
