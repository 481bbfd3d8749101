// SPDX-License-Identifier: Apache-2.0
// Host tilings in Python: a problem as keyword arguments, a plan or a ValueError.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string>

#include "bindings.h"
#include "op_host/asc_paged_attention/asc_paged_attention_tiling.h"
#include "op_host/asc_reshape_and_cache/asc_reshape_and_cache_tiling.h"
#include "op_kernel/asc_paged_attention/asc_paged_attention_schedule.h"

namespace py = pybind11;
using namespace attn;

namespace {

// What a launch needs of a tiling, the same for every operator.
struct Plan {
    std::string kernel;
    std::string kernelType;
    LaunchPlan launch;
    py::bytes tiling;
    py::dict fields;  // of the tiling struct, for tests and for people
};

CoreLimits LimitsOf(const std::string& soc) {
    CoreLimits limits;
    if (!FindCoreLimits(soc, &limits)) {
        throw py::value_error("soc (" + soc + ") must be a known chip");
    }
    return limits;
}

template <class Tiling>
py::bytes BytesOf(const Tiling& tiling) {
    return py::bytes(reinterpret_cast<const char*>(&tiling), sizeof(Tiling));
}

std::string KernelTypeOf(const std::vector<KernelVariant>& variants, int32_t key) {
    for (const KernelVariant& variant : variants) {
        if (variant.key == key) {
            return variant.kernelType;
        }
    }
    throw py::value_error("tiling key (" + std::to_string(key) + ") must be a row of the variants");
}

Plan PlanPagedAttention(const PagedAttentionProblem& problem, const std::string& soc) {
    PagedAttentionPlan plan;
    TilingError error;
    if (!ComputePagedAttentionTiling(problem, LimitsOf(soc), &plan, &error)) {
        throw py::value_error(error.What());
    }
    const AscPagedAttentionTiling& tiling = plan.tiling;
    py::dict fields;
    fields["group_tile"] = tiling.groupTile;
    fields["kv_tile"] = tiling.kvTile;
    fields["task_count"] = tiling.taskCount;
    fields["ub_bytes"] =
        PagedAttentionUbPlan(tiling.headDim, tiling.kvTile, tiling.groupTile).TotalBytes();
    return {"asc_paged_attention", KernelTypeOf(PagedAttentionVariants(), plan.launch.key),
            plan.launch, BytesOf(tiling), fields};
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

void BindProblems(py::module_& module) {
    py::enum_<DataType>(module, "DataType", "Element type of a tensor.")
        .value("float16", DataType::kFloat16)
        .value("bfloat16", DataType::kBfloat16)
        .value("float32", DataType::kFloat32);
    py::class_<PagedCacheShape>(module, "PagedCacheShape", "[blocks, block_size, heads, head_dim].")
        .def(py::init<int64_t, int64_t, int64_t, int64_t>(), py::arg("blocks"),
             py::arg("block_size"), py::arg("heads"), py::arg("head_dim"));
    py::class_<PagedCacheView>(module, "PagedCacheView", "Strides of a paged cache, in elements.")
        .def(py::init<int64_t, int64_t, int64_t>(), py::arg("block_stride"),
             py::arg("token_stride"), py::arg("head_stride"));
    py::class_<CacheWriteProblem>(module, "CacheWriteProblem", "One of K and V of a cache write.")
        .def(py::init<int64_t, int64_t, PagedCacheShape, PagedCacheView>(),
             py::arg("source_tokens"), py::arg("source_stride"), py::arg("shape"), py::arg("view"));
    py::class_<ReshapeAndCacheProblem>(module, "ReshapeAndCacheProblem",
                                       "What AscReshapeAndCache is asked to do.")
        .def(py::init<DataType, int64_t, CacheWriteProblem, CacheWriteProblem>(), py::kw_only(),
             py::arg("dtype"), py::arg("tokens"), py::arg("key"), py::arg("value"));
    py::class_<PagedAttentionProblem>(module, "PagedAttentionProblem",
                                      "What AscPagedAttention is asked to do.")
        .def(py::init<DataType, int64_t, int64_t, int64_t, PagedCacheShape, PagedCacheView,
                      PagedCacheView, int64_t, int64_t, float, bool>(),
             py::kw_only(), py::arg("dtype"), py::arg("batch"), py::arg("heads"),
             py::arg("query_stride"), py::arg("cache"), py::arg("key"), py::arg("value"),
             py::arg("max_blocks"), py::arg("block_table_stride"), py::arg("scale"),
             py::arg("write_lse"));
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
    module.def("plan_paged_attention", &PlanPagedAttention, py::arg("problem"), py::arg("soc"),
               "Tiling of AscPagedAttention; ValueError for a problem that it does not do.");
    module.def("plan_reshape_and_cache", &PlanReshapeAndCache, py::arg("problem"), py::arg("soc"),
               "Tiling of AscReshapeAndCache; ValueError for a problem that it does not do.");
}
