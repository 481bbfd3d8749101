// SPDX-License-Identifier: Apache-2.0
// Host tiling of attention on cube and vector cores in Python.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "bindings.h"
#include "op_host/asc_flash_attention/asc_flash_attention_tiling.h"
#include "op_kernel/common/flash_buffers.h"
#include "op_kernel/common/flash_ub.h"
#include "op_kernel/common/partials_combine_size.h"
#include "plan.h"

namespace py = pybind11;
using namespace attn;

namespace {

FlashAttentionPlan TiledFlashAttention(DataType type, const FlashProblem& problem,
                                       const std::string& soc) {
    FlashAttentionPlan plan;
    TilingError error;
    if (!ComputeFlashAttentionTiling(type, problem, LimitsOf(soc), &plan, &error)) {
        throw py::value_error(error.What());
    }
    return plan;
}

py::dict FieldsOf(const FlashPlan& plan) {
    const FlashTiling& tiling = plan.tiling;
    py::dict fields;
    fields["reason"] = plan.reason;
    fields["model_cycles"] = plan.modelCycles;
    fields["pack"] = tiling.pack;
    fields["row_tile"] = tiling.rowTile;
    fields["kv_tile"] = tiling.kvTile;
    fields["lookahead"] = tiling.lookahead;
    fields["partition_tokens"] = tiling.partitionTokens;
    fields["max_partitions"] = tiling.maxPartitions;
    fields["is_dealt"] = tiling.assignment == FlashAssignment::kDealt;
    fields["slots"] = py::make_tuple(tiling.querySlots, tiling.keySlots, tiling.valueSlots,
                                     tiling.probabilitySlots);
    fields["slice_rows"] = tiling.sliceRows;
    const int32_t combine =
        tiling.maxPartitions > 1 ? PartialsCombineUbPlan(tiling.valueDim).TotalBytes() : 0;
    fields["ub_bytes"] = std::max(FlashUbPlan(tiling).totalBytes, combine);
    fields["l1_bytes"] = FlashL1Bytes(tiling) + kL1ReservedBytes;
    fields["ring_bytes"] = FlashRingsPlan(tiling).blockBytes;
    return fields;
}

Plan PlanFlashAttention(DataType type, const FlashProblem& problem, const std::string& soc) {
    const FlashAttentionPlan plan = TiledFlashAttention(type, problem, soc);
    return {"asc_flash_attention", KernelTypeOf(FlashAttentionVariants(), plan.launch.key),
            plan.launch, BytesOf(plan.flash.tiling), FieldsOf(plan.flash)};
}

using WorkTuple =
    std::tuple<int32_t, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t, int64_t>;

// The units of each block, a tuple each.
std::vector<std::vector<WorkTuple>> WorkOfFlashAttention(DataType type, const FlashProblem& problem,
                                                         const std::string& soc,
                                                         const std::vector<int32_t>& queryLens,
                                                         const std::vector<int32_t>& keyLens,
                                                         const std::vector<int32_t>& prefixes) {
    const auto batch = static_cast<size_t>(problem.batch);
    for (const std::vector<int32_t>* lengths : {&queryLens, &keyLens, &prefixes}) {
        if (!lengths->empty() && lengths->size() != batch) {
            throw py::value_error("query_lens, key_lens and prefixes must fit the batch");
        }
    }
    std::vector<std::vector<WorkTuple>> blocks;
    for (const std::vector<FlashWork>& units :
         FlashWorkOf(TiledFlashAttention(type, problem, soc).flash, queryLens, keyLens, prefixes)) {
        std::vector<WorkTuple> block;
        for (const FlashWork& unit : units) {
            block.emplace_back(unit.sequence, unit.firstHead, unit.firstRow, unit.rows,
                               unit.firstKey, unit.endKey, unit.partition, unit.macs);
        }
        blocks.push_back(block);
    }
    return blocks;
}

void BindFlashProblem(py::module_& module) {
    py::enum_<ScoreFormat>(module, "ScoreFormat", "How scores travel between cores.")
        .value("float", ScoreFormat::kFloat)
        .value("half", ScoreFormat::kHalf);
    py::class_<FlashProblem>(module, "FlashProblem",
                             "What attention on cube and vector cores is asked to do.")
        .def(py::init([] { return FlashProblem{}; }))
        .def_readwrite("query", &FlashProblem::query)
        .def_readwrite("output", &FlashProblem::output)
        .def_readwrite("lse", &FlashProblem::lse)
        .def_readwrite("key", &FlashProblem::key)
        .def_readwrite("value", &FlashProblem::value)
        .def_readwrite("mask", &FlashProblem::mask)
        .def_readwrite("block_table_stride", &FlashProblem::blockTableStride)
        .def_readwrite("alibi_stride", &FlashProblem::alibiStride)
        .def_readwrite("batch", &FlashProblem::batch)
        .def_readwrite("query_tokens", &FlashProblem::queryTokens)
        .def_readwrite("key_tokens", &FlashProblem::keyTokens)
        .def_readwrite("heads", &FlashProblem::heads)
        .def_readwrite("kv_heads", &FlashProblem::kvHeads)
        .def_readwrite("head_dim", &FlashProblem::headDim)
        .def_readwrite("value_dim", &FlashProblem::valueDim)
        .def_readwrite("page_size", &FlashProblem::blockSize)
        .def_readwrite("layout", &FlashProblem::layout)
        .def_readwrite("max_query_tokens", &FlashProblem::maxQueryTokens)
        .def_readwrite("max_key_tokens", &FlashProblem::maxKeyTokens)
        .def_readwrite("query_lens", &FlashProblem::queryLens)
        .def_readwrite("key_lens", &FlashProblem::keyLens)
        .def_readwrite("window_left", &FlashProblem::windowLeft)
        .def_readwrite("window_right", &FlashProblem::windowRight)
        .def_readwrite("scale", &FlashProblem::scale)
        .def_readwrite("softcap", &FlashProblem::softcap)
        .def_readwrite("has_query_starts", &FlashProblem::hasQueryStarts)
        .def_readwrite("has_key_starts", &FlashProblem::hasKeyStarts)
        .def_readwrite("has_query_lens", &FlashProblem::hasQueryLens)
        .def_readwrite("has_key_lens", &FlashProblem::hasKeyLens)
        .def_readwrite("has_key_rows", &FlashProblem::hasKeyRows)
        .def_readwrite("has_key_pads", &FlashProblem::hasKeyPads)
        .def_readwrite("has_prefixes", &FlashProblem::hasPrefixes)
        .def_readwrite("has_alibi", &FlashProblem::hasAlibi)
        .def_readwrite("has_sinks", &FlashProblem::hasSinks)
        .def_readwrite("has_mask", &FlashProblem::hasMask)
        .def_readwrite("bias_bytes", &FlashProblem::biasBytes)
        .def_readwrite("write_lse", &FlashProblem::writeLse)
        .def_readwrite("row_tile", &FlashProblem::rowTile)
        .def_readwrite("kv_tile", &FlashProblem::kvTile)
        .def_readwrite("lookahead", &FlashProblem::lookahead)
        .def_readwrite("pack", &FlashProblem::pack)
        .def_readwrite("splits", &FlashProblem::splits)
        .def_readwrite("partition_tokens", &FlashProblem::partitionTokens)
        .def_readwrite("score_format", &FlashProblem::scoreFormat);
}

}  // namespace

void BindFlash(py::module_& module) {
    BindFlashProblem(module);
    module.def("plan_flash_attention", &PlanFlashAttention, py::arg("dtype"), py::arg("problem"),
               py::arg("soc"),
               "Tiling of AscFlashAttention; ValueError for a problem that it does not do.");
    module.def("flash_attention_work", &WorkOfFlashAttention, py::arg("dtype"), py::arg("problem"),
               py::arg("soc"), py::arg("query_lens"), py::arg("key_lens"),
               py::arg("prefixes") = std::vector<int32_t>(),
               "Units of each block: (sequence, first head, first row, rows, first key, end of "
               "the keys, partition, multiply-accumulates).");
}
