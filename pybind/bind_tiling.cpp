// SPDX-License-Identifier: Apache-2.0
// Host tilings in Python: a problem as keyword arguments, a plan or a ValueError.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "op_host/asc_copy_blocks/asc_copy_blocks_tiling.h"
#include "op_host/asc_merge_attention_states/asc_merge_attention_states_tiling.h"
#include "op_host/asc_paged_attention/asc_paged_attention_tiling.h"
#include "op_host/asc_reshape_and_cache/asc_reshape_and_cache_tiling.h"
#include "op_host/asc_rotary_embedding/asc_rotary_embedding_tiling.h"
#include "op_kernel/asc_paged_attention/asc_paged_attention_ub.h"
#include "op_kernel/common/flash_buffers.h"
#include "op_kernel/common/partials_combine_size.h"
#include "plan.h"

namespace py = pybind11;
using namespace attn;

namespace {

PagedAttentionPlan TiledPagedAttention(const PagedAttentionProblem& problem,
                                       const std::string& soc) {
    PagedAttentionPlan plan;
    TilingError error;
    if (!ComputePagedAttentionTiling(problem, LimitsOf(soc), &plan, &error)) {
        throw py::value_error(error.What());
    }
    return plan;
}

// Of either strategy.
template <class Tiling>
py::dict FieldsOfSchedule(const Tiling& tiling) {
    py::dict fields;
    fields["row_tile"] = tiling.rowTile;
    fields["kv_tile"] = tiling.kvTile;
    fields["partition_tokens"] = tiling.partitionTokens;
    fields["max_partitions"] = tiling.maxPartitions;
    return fields;
}

Plan PlanPagedAttention(const PagedAttentionProblem& problem, const std::string& soc) {
    const PagedAttentionPlan plan = TiledPagedAttention(problem, soc);
    py::dict fields;
    if (plan.strategy == Strategy::kCube) {
        const FlashTiling& tiling = plan.tiling.cube;
        fields = FieldsOfSchedule(tiling);
        fields["strategy"] = "cube";
        fields["pack"] = tiling.pack;
        fields["lookahead"] = tiling.lookahead;
        fields["l1_bytes"] = FlashL1Bytes(tiling);
    } else {
        const AscPagedAttentionTiling& tiling = plan.tiling;
        const PagedAttentionUb ub =
            PagedAttentionUbPlan(tiling.pitch, ElementBytes(problem.type), problem.layout,
                                 tiling.blockSize, tiling.kvTile, tiling.rowTile);
        fields = FieldsOfSchedule(tiling);
        fields["strategy"] = "vector";
        fields["ub_bytes"] =
            std::max(ub.TotalBytes(), PartialsCombineUbPlan(tiling.pitch).TotalBytes());
    }
    fields["reason"] = plan.reason;
    return {"asc_paged_attention", KernelTypeOf(PagedAttentionVariants(), plan.launch.key),
            plan.launch, BytesOf(plan.tiling), fields};
}

// (modelled cycles, tokens times rows) of each core.
std::vector<std::pair<int64_t, int64_t>> WorkOfPagedAttention(
    const PagedAttentionProblem& problem, const std::string& soc,
    const std::vector<int32_t>& seqLens, const std::vector<int32_t>& queryStarts) {
    const auto batch = static_cast<size_t>(problem.batch);
    if (seqLens.size() != batch || (!queryStarts.empty() && queryStarts.size() != batch + 1)) {
        throw py::value_error("seq_lens and query_starts must fit the batch");
    }
    std::vector<std::pair<int64_t, int64_t>> cores;
    for (const CoreWork& work :
         PagedAttentionWork(TiledPagedAttention(problem, soc), seqLens, queryStarts)) {
        cores.emplace_back(work.cycles, work.tokens);
    }
    return cores;
}

Plan PlanMergeStates(const MergeStatesProblem& problem, const std::string& soc) {
    MergeStatesPlan plan;
    TilingError error;
    if (!ComputeMergeStatesTiling(problem, LimitsOf(soc), &plan, &error)) {
        throw py::value_error(error.What());
    }
    py::dict fields;
    fields["token_tile"] = plan.tiling.rows.tokenTile;
    fields["head_tile"] = plan.tiling.rows.headTile;
    fields["tiles"] = plan.tiling.rows.tiles;
    fields["states"] = plan.tiling.states;
    return {"asc_merge_attention_states", KernelTypeOf(MergeStatesVariants(), plan.launch.key),
            plan.launch, BytesOf(plan.tiling), fields};
}

Plan PlanCopyBlocks(const CopyBlocksProblem& problem, const std::string& soc) {
    CopyBlocksPlan plan;
    TilingError error;
    if (!ComputeCopyBlocksTiling(problem, LimitsOf(soc), &plan, &error)) {
        throw py::value_error(error.What());
    }
    py::dict fields;
    fields["chunk_bytes"] = plan.tiling.chunkBytes;
    fields["pieces"] = plan.tiling.pieces;
    return {"asc_copy_blocks", KernelTypeOf(CopyBlocksVariants(), plan.launch.key), plan.launch,
            BytesOf(plan.tiling), fields};
}

Plan PlanReshapeAndCache(const ReshapeAndCacheProblem& problem, const std::string& soc) {
    ReshapeAndCachePlan plan;
    TilingError error;
    if (!ComputeReshapeAndCacheTiling(problem, LimitsOf(soc), &plan, &error)) {
        throw py::value_error(error.What());
    }
    const auto describe = [](const CacheWriteTiling& write) {
        py::dict fields;
        fields["pieces"] = write.pieces;
        fields["piece_size"] = write.pieceSize;
        fields["pieces_per_tile"] = write.piecesPerTile;
        fields["columns"] = write.columns;
        fields["tokens_per_tile"] = write.tokensPerTile;
        return fields;
    };
    py::dict fields;
    fields["key"] = describe(plan.tiling.key);
    fields["value"] = describe(plan.tiling.value);
    fields["buffer_bytes"] = plan.tiling.bufferBytes;
    return {"asc_reshape_and_cache", KernelTypeOf(ReshapeAndCacheVariants(), plan.launch.key),
            plan.launch, BytesOf(plan.tiling), fields};
}

Plan PlanRotary(const RotaryProblem& problem, const std::string& soc) {
    RotaryPlan plan;
    TilingError error;
    if (!ComputeRotaryTiling(problem, LimitsOf(soc), &plan, &error)) {
        throw py::value_error(error.What());
    }
    py::dict fields;
    fields["token_tile"] = plan.tiling.rows.tokenTile;
    fields["head_tile"] = plan.tiling.rows.headTile;
    fields["tiles"] = plan.tiling.rows.tiles;
    return {"asc_rotary_embedding", KernelTypeOf(RotaryVariants(), plan.launch.key), plan.launch,
            BytesOf(plan.tiling), fields};
}

void BindProblems(py::module_& module) {
    py::enum_<DataType>(module, "DataType", "Element type of a tensor.")
        .value("float16", DataType::kFloat16)
        .value("bfloat16", DataType::kBfloat16)
        .value("float32", DataType::kFloat32)
        .value("int8", DataType::kInt8);
    py::enum_<CacheLayout>(module, "CacheLayout", "How a head lies in a block of a paged cache.")
        .value("rows", CacheLayout::kRows)
        .value("packed", CacheLayout::kPacked)
        .value("nz", CacheLayout::kNz);
    py::class_<PagedCacheShape>(module, "PagedCacheShape", "[blocks, block_size, heads, head_dim].")
        .def(py::init<int64_t, int64_t, int64_t, int64_t>(), py::arg("blocks"),
             py::arg("block_size"), py::arg("heads"), py::arg("head_dim"));
    py::class_<PagedCacheView>(module, "PagedCacheView", "Strides of a paged cache, in elements.")
        .def(py::init<int64_t, int64_t, int64_t>(), py::arg("block_stride"),
             py::arg("token_stride"), py::arg("head_stride"));
    py::class_<TokenView>(module, "TokenView", "Where the heads of tokens lie, in elements.")
        .def(py::init<int64_t, int64_t, int64_t>(), py::arg("row_stride"), py::arg("token_stride"),
             py::arg("head_stride"));
    py::class_<CacheWriteProblem>(module, "CacheWriteProblem", "One of K and V of a cache write.")
        .def(py::init<int64_t, int64_t, PagedCacheShape, PagedCacheView>(),
             py::arg("source_tokens"), py::arg("source_stride"), py::arg("shape"), py::arg("view"));
    py::class_<ReshapeAndCacheProblem>(module, "ReshapeAndCacheProblem",
                                       "What AscReshapeAndCache is asked to do.")
        .def(py::init([](DataType type, int64_t tokens, const CacheWriteProblem& key,
                         const CacheWriteProblem& value, CacheLayout layout) {
                 return ReshapeAndCacheProblem{type, layout, tokens, key, value};
             }),
             py::kw_only(), py::arg("dtype"), py::arg("tokens"), py::arg("key"), py::arg("value"),
             py::arg("layout") = CacheLayout::kRows);
}

PagedAttentionProblem MakePagedAttentionProblem(
    DataType type, int64_t batch, int64_t heads, int64_t queryStride, const PagedCacheShape& cache,
    const PagedCacheView& key, const PagedCacheView& value, int64_t maxBlocks,
    int64_t blockTableStride, float scale, bool writeLse, std::optional<int64_t> queryTokens,
    int64_t maxQueryLen, CacheLayout layout, int64_t maxSeqLen, const std::vector<int32_t>& seqLens,
    float softcap, int64_t windowLeft, bool alibi, bool sinks, bool queryStarts,
    SplitRule splitRule, int64_t splitValue, Strategy strategy, int64_t partialOutputs) {
    return {type,          batch,       queryTokens.value_or(batch),
            maxQueryLen,   heads,       queryStride,
            layout,        cache,       key,
            value,         maxBlocks,   blockTableStride,
            maxSeqLen,     seqLens,     scale,
            softcap,       windowLeft,  alibi,
            sinks,         queryStarts, writeLse,
            splitRule,     splitValue,  strategy,
            partialOutputs};
}

void BindPagedAttention(py::module_& module) {
    py::enum_<SplitRule>(module, "SplitRule", "How tokens of a sequence are split between cores.")
        .value("auto", SplitRule::kAuto)
        .value("none", SplitRule::kNone)
        .value("partition_tokens", SplitRule::kPartitionTokens)
        .value("splits", SplitRule::kSplits)
        .value("vllm", SplitRule::kVllm);
    py::enum_<Strategy>(module, "Strategy", "Which cores multiply.")
        .value("auto", Strategy::kAuto)
        .value("vector", Strategy::kVector)
        .value("cube", Strategy::kCube);
    py::class_<PagedAttentionProblem>(module, "PagedAttentionProblem",
                                      "What AscPagedAttention is asked to do.")
        .def(py::init(&MakePagedAttentionProblem), py::kw_only(), py::arg("dtype"),
             py::arg("batch"), py::arg("heads"), py::arg("query_stride"), py::arg("cache"),
             py::arg("key"), py::arg("value"), py::arg("max_blocks"), py::arg("block_table_stride"),
             py::arg("scale"), py::arg("write_lse"), py::arg("query_tokens") = py::none(),
             py::arg("max_query_len") = 1, py::arg("layout") = CacheLayout::kRows,
             py::arg("max_seq_len") = -1, py::arg("seq_lens") = std::vector<int32_t>(),
             py::arg("softcap") = 0.0f, py::arg("window_left") = -1, py::arg("alibi") = false,
             py::arg("sinks") = false, py::arg("query_starts") = false,
             py::arg("split_rule") = SplitRule::kAuto, py::arg("split_value") = 0,
             py::arg("strategy") = Strategy::kAuto, py::arg("partial_outputs") = 0);
    module.def("plan_paged_attention", &PlanPagedAttention, py::arg("problem"), py::arg("soc"),
               "Tiling of AscPagedAttention; ValueError for a problem that it does not do.");
    module.def("paged_attention_work", &WorkOfPagedAttention, py::arg("problem"), py::arg("soc"),
               py::arg("seq_lens"), py::arg("query_starts") = std::vector<int32_t>(),
               "Modelled cycles and tokens times rows of each core.");
}

void BindCopyBlocks(py::module_& module) {
    py::class_<BlockCopyProblem>(module, "BlockCopyProblem", "Blocks of one cache, in bytes.")
        .def(py::init<int64_t, int64_t, int64_t>(), py::arg("block_bytes"),
             py::arg("source_stride"), py::arg("target_stride"));
    py::class_<CopyBlocksProblem>(module, "CopyBlocksProblem", "What AscCopyBlocks is asked to do.")
        .def(py::init<int64_t, BlockCopyProblem, BlockCopyProblem>(), py::kw_only(),
             py::arg("pairs"), py::arg("key"), py::arg("value") = BlockCopyProblem{0, 0, 0});
    module.def("plan_copy_blocks", &PlanCopyBlocks, py::arg("problem"), py::arg("soc"),
               "Tiling of AscCopyBlocks; ValueError for a problem that it does not do.");
}

void BindMergeStates(py::module_& module) {
    py::class_<StateView>(module, "StateView", "Strides of partial results, in elements.")
        .def(py::init<int64_t, int64_t, int64_t, int64_t, int64_t>(), py::kw_only(),
             py::arg("state_stride") = 0, py::arg("token_stride"), py::arg("lse_state_stride") = 0,
             py::arg("lse_token_stride"), py::arg("lse_head_stride"));
    py::class_<MergeStatesProblem>(module, "MergeStatesProblem",
                                   "What AscMergeAttentionStates is asked to do.")
        .def(py::init([](DataType type, int64_t tokens, int64_t heads, int64_t headDim,
                         int64_t prefixStates, const StateView& prefix,
                         const std::optional<StateView>& suffix, const StateView& output,
                         bool writeLse) {
                 return MergeStatesProblem{type,
                                           tokens,
                                           heads,
                                           headDim,
                                           prefixStates,
                                           prefix,
                                           suffix.has_value(),
                                           suffix.value_or(StateView{}),
                                           output,
                                           writeLse};
             }),
             py::kw_only(), py::arg("dtype"), py::arg("tokens"), py::arg("heads"),
             py::arg("head_dim"), py::arg("prefix_states") = 1, py::arg("prefix"),
             py::arg("suffix"), py::arg("output"), py::arg("write_lse"));
    module.def("plan_merge_states", &PlanMergeStates, py::arg("problem"), py::arg("soc"),
               "Tiling of AscMergeAttentionStates; ValueError for a problem that it does not do.");
}

void BindRotary(py::module_& module) {
    py::class_<RotaryProblem>(module, "RotaryProblem", "What AscRotaryEmbedding is asked to do.")
        .def(py::init<DataType, DataType, int64_t, int64_t, int64_t, int64_t, int64_t, TokenView,
                      TokenView, int64_t, int64_t, bool>(),
             py::kw_only(), py::arg("dtype"), py::arg("factor_dtype"), py::arg("batch"),
             py::arg("sequence"), py::arg("heads"), py::arg("head_dim"), py::arg("rotary_dim"),
             py::arg("x"), py::arg("output"), py::arg("cos_stride"), py::arg("sin_stride"),
             py::arg("interleaved"));
    module.def("plan_rotary", &PlanRotary, py::arg("problem"), py::arg("soc"),
               "Tiling of AscRotaryEmbedding; ValueError for a problem that it does not do.");
}

}  // namespace

void BindTiling(py::module_& module) {
    BindProblems(module);
    py::class_<Plan>(module, "Plan", "How one kernel is launched for one problem.")
        .def_readonly("kernel", &Plan::kernel)
        .def_readonly("kernel_type", &Plan::kernelType)
        .def_readonly("tiling", &Plan::tiling)
        .def_readonly("fields", &Plan::fields)
        .def_property_readonly("tiling_key", [](const Plan& plan) { return plan.launch.key; })
        .def_property_readonly("blocks", [](const Plan& plan) { return plan.launch.blockDim; })
        .def_property_readonly("workspace_bytes",
                               [](const Plan& plan) { return plan.launch.workspaceBytes; });
    BindPagedAttention(module);
    BindMergeStates(module);
    BindCopyBlocks(module);
    BindRotary(module);
    module.def("plan_reshape_and_cache", &PlanReshapeAndCache, py::arg("problem"), py::arg("soc"),
               "Tiling of AscReshapeAndCache; ValueError for a problem that it does not do.");
}
