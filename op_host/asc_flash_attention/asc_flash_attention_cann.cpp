// SPDX-License-Identifier: Apache-2.0
// TilingFunc of AscFlashAttention: the pure tiling on what CANN says of tensors and chip. C++11.
#include "asc_flash_attention_cann.h"

#include <algorithm>

#include "../common/cann_context.h"
#include "asc_flash_attention_tiling.h"

namespace attn {
namespace {

constexpr char kOperation[] = "flash_attention";

bool IsGiven(gert::TilingContext* context, size_t index) {
    return context->GetOptionalInputShape(index) != nullptr;
}

// True for an optional input that is absent or has these sizes; says in `flag` which.
bool ReadOptional(gert::TilingContext* context, size_t index, const char* name,
                  std::initializer_list<int64_t> sizes, bool* flag, TilingError* error) {
    *flag = IsGiven(context, index);
    return !*flag ||
           CheckShape(kOperation, name, context->GetOptionalInputShape(index)->GetStorageShape(),
                      sizes, error);
}

// CANN hands contiguous tensors, so strides follow from shapes.
bool ReadQuery(gert::TilingContext* context, FlashProblem* problem, TilingError* error) {
    using Io = FlashAttentionIo;
    const gert::Shape query = InputShape(context, Io::kQuery);
    problem->hasQueryStarts = IsGiven(context, Io::kQueryStarts);
    const bool isPacked = problem->hasQueryStarts;
    if (!(isPacked ? CheckShape(kOperation, "query", query, {kAnySize, kAnySize, kAnySize}, error)
                   : CheckShape(kOperation, "query", query,
                                {kAnySize, kAnySize, kAnySize, kAnySize}, error))) {
        return false;
    }
    const size_t first = isPacked ? 0 : 1;  // dimension of tokens
    problem->queryTokens = query.GetDim(first);
    problem->heads = query.GetDim(first + 1);
    problem->headDim = query.GetDim(first + 2);
    problem->batch =
        isPacked ? context->GetOptionalInputShape(Io::kQueryStarts)->GetStorageShape().GetDim(0) - 1
                 : query.GetDim(0);
    problem->maxQueryTokens = problem->queryTokens;
    const int64_t row = problem->heads * problem->headDim;
    problem->query = TokenView{isPacked ? 0 : problem->queryTokens * row, row, problem->headDim};
    return true;
}

bool ReadCache(gert::TilingContext* context, bool headsFirst, FlashProblem* problem,
               TilingError* error) {
    using Io = FlashAttentionIo;
    const gert::Shape key = InputShape(context, Io::kKey);
    const gert::Shape value = InputShape(context, Io::kValue);
    const bool isPaged = IsGiven(context, Io::kBlockTable);
    problem->hasKeyStarts = IsGiven(context, Io::kKeyStarts);
    const size_t first = problem->hasKeyStarts ? 0 : 1;  // dimension after the rows or pages
    const bool fits =
        problem->hasKeyStarts
            ? CheckShape(kOperation, "key", key, {kAnySize, kAnySize, problem->headDim}, error) &&
                  CheckShape(kOperation, "value", value, {key.GetDim(0), key.GetDim(1), kAnySize},
                             error)
            : CheckShape(kOperation, "key", key, {kAnySize, kAnySize, kAnySize, problem->headDim},
                         error) &&
                  CheckShape(kOperation, "value", value,
                             {key.GetDim(0), key.GetDim(1), key.GetDim(2), kAnySize}, error);
    if (!fits) {
        return false;
    }
    const int64_t tokens = key.GetDim(first + (headsFirst ? 1 : 0));
    const int64_t heads = key.GetDim(first + (headsFirst ? 0 : 1));
    problem->kvHeads = heads;
    problem->valueDim = value.GetDim(first + 2);
    const auto view = [problem, headsFirst, tokens, heads](int64_t width) {
        const int64_t row = problem->hasKeyStarts ? 0 : tokens * heads * width;
        return headsFirst ? PagedCacheView{row, width, tokens * width}
                          : PagedCacheView{row, heads * width, width};
    };
    problem->key = view(problem->headDim);
    problem->value = view(problem->valueDim);
    problem->keyTokens = tokens;
    if (isPaged) {
        const gert::Shape table =
            context->GetOptionalInputShape(Io::kBlockTable)->GetStorageShape();
        if (!CheckShape(kOperation, "block_table", table, {problem->batch, kAnySize}, error)) {
            return false;
        }
        problem->blockSize = tokens;
        problem->blockTableStride = table.GetDim(1);
        problem->keyTokens = tokens * table.GetDim(1);
    }
    problem->maxKeyTokens = problem->keyTokens;
    return true;
}

bool ReadMetadata(gert::TilingContext* context, FlashProblem* problem, TilingError* error) {
    using Io = FlashAttentionIo;
    const int64_t batch = problem->batch;
    const auto read = [context, error](size_t index, const char* name, int64_t size, bool* flag) {
        return ReadOptional(context, index, name, {size}, flag, error);
    };
    if (!read(Io::kQueryStarts, "cu_seqlens_q", batch + 1, &problem->hasQueryStarts) ||
        !read(Io::kKeyStarts, "cu_seqlens_k", batch + 1, &problem->hasKeyStarts) ||
        !read(Io::kQueryLens, "seqused_q", batch, &problem->hasQueryLens) ||
        !read(Io::kKeyLens, "seqused_k", batch, &problem->hasKeyLens) ||
        !read(Io::kKeyRows, "kv_batch_idx", batch, &problem->hasKeyRows) ||
        !read(Io::kKeyPads, "leftpad_k", batch, &problem->hasKeyPads) ||
        !read(Io::kPrefixes, "prefix_lens", batch, &problem->hasPrefixes) ||
        !read(Io::kSinks, "sinks", problem->heads, &problem->hasSinks)) {
        return false;
    }
    problem->hasAlibi = IsGiven(context, Io::kAlibiSlopes);
    if (problem->hasAlibi) {
        const gert::Shape slopes =
            context->GetOptionalInputShape(Io::kAlibiSlopes)->GetStorageShape();
        const bool perSequence = slopes.GetDimNum() == 2;
        problem->alibiStride = perSequence ? problem->heads : 0;
        return perSequence
                   ? CheckShape(kOperation, "alibi_slopes", slopes, {batch, problem->heads}, error)
                   : CheckShape(kOperation, "alibi_slopes", slopes, {problem->heads}, error);
    }
    return true;
}

// [batch or 1, heads or 1, tokens or 1, keys]: what has size 1 holds for all.
bool ReadMask(gert::TilingContext* context, FlashProblem* problem, TilingError* error) {
    using Io = FlashAttentionIo;
    problem->hasMask = IsGiven(context, Io::kMask);
    const bool hasBias = IsGiven(context, Io::kBias);
    if (hasBias) {
        const bool isFloat =
            context->GetOptionalInputDesc(Io::kBias)->GetDataType() == ge::DT_FLOAT;
        problem->biasBytes = isFloat ? 4 : 2;
    }
    if (!problem->hasMask && !hasBias) {
        return true;
    }
    const char* name = hasBias ? "attn_bias" : "attn_mask";
    const gert::Shape shape =
        context->GetOptionalInputShape(hasBias ? Io::kBias : Io::kMask)->GetStorageShape();
    if (!CheckShape(kOperation, name, shape, {kAnySize, kAnySize, kAnySize, problem->maxKeyTokens},
                    error)) {
        return false;
    }
    const int64_t sizes[] = {problem->batch, problem->heads, problem->maxQueryTokens};
    int64_t strides[3];
    int64_t stride = problem->maxKeyTokens;
    for (size_t i = 3; i-- > 0;) {
        const int64_t size = shape.GetDim(i);
        if (size != 1 && size != sizes[i]) {
            return error->Set(kOperation, std::string(name) + " dimension " + std::to_string(i),
                              size, "be 1 or " + std::to_string(sizes[i]));
        }
        strides[i] = size == 1 ? 0 : stride;
        stride *= size;
    }
    problem->mask = TokenView{strides[0], strides[2], strides[1]};
    return true;
}

void ReadAttributes(const gert::RuntimeAttrs* attributes, FlashProblem* problem) {
    using Io = FlashAttentionIo;
    const auto bound = [attributes](size_t index, int64_t* most) {
        const int64_t stated = *attributes->GetInt(index);
        *most = stated < 0 ? *most : std::min(stated, *most);
    };
    problem->scale = *attributes->GetFloat(Io::kScale);
    problem->windowLeft = *attributes->GetInt(Io::kWindowLeft);
    problem->windowRight = *attributes->GetInt(Io::kWindowRight);
    problem->softcap = *attributes->GetFloat(Io::kSoftcap);
    bound(Io::kMaxQueryTokens, &problem->maxQueryTokens);
    bound(Io::kMaxKeyTokens, &problem->maxKeyTokens);
    problem->splits = *attributes->GetInt(Io::kNumSplits);
    problem->rowTile = *attributes->GetInt(Io::kRowTile);
    problem->kvTile = *attributes->GetInt(Io::kKvTile);
    problem->lookahead = *attributes->GetInt(Io::kLookahead);
    problem->pack = *attributes->GetInt(Io::kPack);
    problem->scoreFormat = static_cast<ScoreFormat>(*attributes->GetInt(Io::kScoreFormat));
    problem->writeLse = true;
}

void SetOutputs(FlashProblem* problem) {
    const int64_t row = problem->heads * problem->valueDim;
    const bool isPacked = problem->hasQueryStarts;
    const int64_t tokens = problem->queryTokens;
    problem->output = TokenView{isPacked ? 0 : tokens * row, row, problem->valueDim};
    problem->lse = TokenView{isPacked ? 0 : problem->heads * tokens, 1, tokens};
}

}  // namespace

ge::graphStatus TileFlashAttention(gert::TilingContext* context) {
    using Io = FlashAttentionIo;
    FlashProblem problem{};
    TilingError error;
    AscFlashAttentionTiling* data = context->GetTilingData<AscFlashAttentionTiling>();
    const gert::RuntimeAttrs* attributes = context->GetAttrs();
    CoreLimits core{};
    if (data == nullptr || attributes == nullptr || !ReadCoreLimits(context, &core)) {
        return ge::GRAPH_FAILED;
    }
    DataType type;
    if (!ReadDataType(context, Io::kQuery, kOperation, "query", &type, &error) ||
        !ReadQuery(context, &problem, &error) ||
        !ReadCache(context, *attributes->GetBool(Io::kHeadsFirst), &problem, &error)) {
        return Fail(error);
    }
    ReadAttributes(attributes, &problem);
    SetOutputs(&problem);
    FlashAttentionPlan plan;
    if (!ReadMetadata(context, &problem, &error) || !ReadMask(context, &problem, &error) ||
        !ComputeFlashAttentionTiling(type, problem, core, &plan, &error)) {
        return Fail(error);
    }
    *data = plan.flash.tiling;
    return SetLaunch(context, plan.launch);
}

}  // namespace attn
