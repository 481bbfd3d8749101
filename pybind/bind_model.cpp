// SPDX-License-Identifier: Apache-2.0
// The AI Core model in Python: chips, kernel libraries, launches. Reports leave as plain dicts and
// tuples, so nothing in them points into a library that may be closed later.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "core/kernel_library.h"
#include "core/launch.h"
#include "core/names.h"

namespace py = pybind11;
using namespace npu_model;

namespace {

// A word of the Python API and what it stands for.
template <class Value>
using Words = std::initializer_list<std::pair<const char*, Value>>;

const Words<KernelType> kKernelTypes = {
    {"AIV_ONLY", KernelType::kAivOnly},     {"AIC_ONLY", KernelType::kAicOnly},
    {"MIX_AIV_1_0", KernelType::kMixAiv10}, {"MIX_AIC_1_0", KernelType::kMixAic10},
    {"MIX_AIC_1_1", KernelType::kMixAic11}, {"MIX_AIC_1_2", KernelType::kMixAic12},
};
const Words<Mode> kModes = {{"fast", Mode::kFast}, {"checked", Mode::kChecked}};
const Words<Order> kOrders = {
    {"forward", Order::kForward}, {"reversed", Order::kReversed}, {"seeded", Order::kSeeded}};

template <class Value>
Value Parse(const char* argument, const std::string& word, const Words<Value>& words) {
    std::string allowed;
    for (const auto& [name, value] : words) {
        if (word == name) {
            return value;
        }
        allowed += (allowed.empty() ? "" : ", ") + std::string(name);
    }
    throw py::value_error(std::string("launch: ") + argument + " (" + word + ") must be one of " +
                          allowed);
}

template <class Value>
std::string WordOf(Value value, const Words<Value>& words) {
    const auto found = std::find_if(words.begin(), words.end(),
                                    [value](const auto& word) { return word.second == value; });
    return found->first;
}

const char* CoreKindName(size_t kind) { return kind == kNpuAic ? "AIC" : "AIV"; }

std::shared_ptr<KernelLibrary> OpenLibrary(const std::string& path) {
    std::string error;
    std::shared_ptr<KernelLibrary> library = KernelLibrary::Open(path, &error);
    if (library == nullptr) {
        PyErr_SetString(PyExc_OSError,
                        ("library (" + path + ") must be loadable: " + error).c_str());
        throw py::error_already_set();
    }
    return library;
}

// [(library file, offset in it)]
py::list LocateAll(const std::vector<uint64_t>& addresses) {
    py::list places;
    for (const uint64_t address : addresses) {
        const CodePlace place = Locate(address);
        places.append(py::make_tuple(place.library, place.offset));
    }
    return places;
}

py::object DescribeInstruction(const InstructionRecord& instruction) {
    if (instruction.name[0] == '\0') {
        return py::none();
    }
    py::dict fields;
    fields["name"] = instruction.name;
    fields["pipe"] = PipeName(instruction.pipe);
    fields["core"] = instruction.core;
    fields["index"] = instruction.index;
    fields["addresses"] = LocateAll(instruction.addresses);
    return fields;
}

py::object DescribeFault(const std::optional<Fault>& fault) {
    if (!fault) {
        return py::none();
    }
    py::dict fields;
    fields["kind"] = FaultKindName(fault->kind);
    fields["message"] = fault->Message();
    fields["kernel"] = fault->kernel;
    fields["block"] = fault->block;
    fields["core"] = fault->core;
    fields["core_name"] = fault->coreName;
    fields["instruction"] = DescribeInstruction(fault->instruction);
    fields["other"] = DescribeInstruction(fault->other);
    fields["operand"] = fault->operand;
    fields["memory"] = fault->memory;
    fields["begin"] = fault->begin;
    fields["end"] = fault->end;
    fields["rule"] = fault->rule;
    fields["source"] = fault->source;
    return fields;
}

// {(core kind, pipe): counts}, for every pipe that executed something.
py::dict DescribeCounters(const LaunchReport& report) {
    py::dict table;
    for (size_t kind = 0; kind < report.counters.size(); ++kind) {
        for (size_t pipe = 0; pipe < kNpuPipeCount; ++pipe) {
            const PipeCounters& counters = report.counters[kind][pipe];
            if (counters.instructions != 0) {
                table[py::make_tuple(CoreKindName(kind), PipeName(static_cast<NpuPipe>(pipe)))] =
                    py::make_tuple(counters.instructions, counters.gmReadBytes,
                                   counters.gmWrittenBytes, counters.localReadBytes,
                                   counters.localWrittenBytes, counters.macs);
            }
        }
    }
    return table;
}

// Tuples: the fields of ascend_attention.model.StreamEntry, with the number of the call chain.
py::list DescribeStream(const std::vector<StreamEntry>& stream) {
    py::list entries;
    for (const StreamEntry& entry : stream) {
        entries.append(py::make_tuple(entry.core, PipeName(entry.pipe), entry.name, entry.effect,
                                      py::tuple(py::cast(entry.known)), entry.elsewhere,
                                      entry.chain));
    }
    return entries;
}

py::dict DescribeReport(const LaunchReport& report) {
    py::list sites;
    for (const Site& site : report.sites) {
        py::dict fields;
        fields["kind"] = site.kind;
        fields["detail"] = site.detail;
        fields["chain"] = py::tuple(py::cast(site.chain));
        fields["addresses"] = LocateAll(site.chain);
        fields["hits"] = site.hits;
        sites.append(std::move(fields));
    }
    py::dict fields;
    fields["fault"] = DescribeFault(report.fault);
    fields["counters"] = DescribeCounters(report);
    fields["cores"] = report.cores;
    fields["sites"] = std::move(sites);
    fields["printed"] = report.printed;
    fields["stream"] = DescribeStream(report.stream);
    py::list chains;
    for (const CallChain& chain : report.streamChains) {
        chains.append(LocateAll(chain));
    }
    fields["stream_chains"] = std::move(chains);
    return fields;
}

Region MakeRegion(uint64_t address, uint64_t bytes, bool writable, bool defined, std::string name) {
    return Region{address,  bytes,   reinterpret_cast<uint8_t*>(address),
                  writable, defined, std::move(name)};
}

KernelType TypeOf(const KernelLibrary& library, const std::string& kernel, uint64_t tilingKey,
                  const std::optional<std::string>& given) {
    if (given) {
        return Parse("type", *given, kKernelTypes);
    }
    const std::optional<KernelType> declared = library.Type(kernel, tilingKey);
    if (!declared) {
        throw py::value_error("launch: type (None) must be given: the library declares none for " +
                              kernel + " and tiling key " + std::to_string(tilingKey));
    }
    return *declared;
}

py::dict LaunchKernel(const KernelLibrary& library, const std::string& kernel,
                      const std::vector<std::optional<Region>>& arguments, int32_t blocks,
                      const std::optional<std::string>& type, uint64_t tilingKey,
                      const std::string& soc, const std::string& mode, const std::string& order,
                      uint64_t seed, bool collectSites, bool collectStream,
                      std::vector<CallChain> mutatedSites, bool echo) {
    LaunchRequest request;
    request.kernel = kernel;
    request.function = library.Find(kernel);
    if (request.function == nullptr) {
        throw py::value_error("launch: kernel (" + kernel + ") must be a function of the library");
    }
    request.startCore = library.StartCore();
    for (const std::optional<Region>& argument : arguments) {
        request.arguments.push_back(argument ? argument->address : 0);
        if (argument) {
            request.regions.push_back(*argument);
        }
    }
    request.soc = FindSoc(soc);
    if (request.soc == nullptr) {
        throw py::value_error("launch: soc (" + soc + ") must be a key of socs()");
    }
    request.type = TypeOf(library, kernel, tilingKey, type);
    request.blocks = blocks;
    request.tilingKey = tilingKey;
    request.mode = Parse("mode", mode, kModes);
    request.order = Parse("order", order, kOrders);
    request.seed = seed;
    request.collectSites = collectSites;
    request.collectStream = collectStream;
    request.mutatedSites = std::move(mutatedSites);
    request.echo = echo;
    LaunchReport report;
    {
        const py::gil_scoped_release release;
        report = Launch(request);
    }
    return DescribeReport(report);
}

py::dict DescribeSocs() {
    py::dict socs;
    for (const Soc& soc : KnownSocs()) {
        py::dict local;
        for (size_t memory = kNpuUb; memory < kNpuMemoryCount; ++memory) {
            local[MemoryName(static_cast<NpuMemory>(memory))] = soc.localBytes[memory];
        }
        py::dict fields;
        fields["cube_cores"] = soc.cubeCores;
        fields["vector_cores"] = soc.vectorCores;
        fields["megahertz"] = soc.megahertz;
        fields["local_bytes"] = std::move(local);
        fields["reserved_ub_bytes"] = soc.reservedUbBytes;
        socs[soc.name.c_str()] = std::move(fields);
    }
    return socs;
}

// {(kernel, tiling key or None for every other key): type}
py::dict DescribeKernelTypes(const KernelLibrary& library) {
    py::dict types;
    for (const KernelLibrary::TypeRow& row : library.TypeRows()) {
        const py::object key = row.key == KernelLibrary::kEveryKey ? py::object(py::none())
                                                                   : py::object(py::int_(row.key));
        types[py::make_tuple(row.kernel, key)] = WordOf(row.type, kKernelTypes);
    }
    return types;
}

}  // namespace

void BindModel(py::module_& module) {
    py::class_<Region>(module, "Region", "Memory that a launch may touch.")
        .def(py::init(&MakeRegion), py::kw_only(), py::arg("address"), py::arg("bytes"),
             py::arg("writable"), py::arg("defined"), py::arg("name"))
        .def_readonly("address", &Region::address)
        .def_readonly("bytes", &Region::bytes)
        .def_readonly("writable", &Region::writable)
        .def_readonly("defined", &Region::defined)
        .def_readonly("name", &Region::name);
    py::class_<KernelLibrary, std::shared_ptr<KernelLibrary>>(module, "KernelLibrary",
                                                              "A shared library of kernels.")
        .def(py::init(&OpenLibrary), py::arg("path"))
        .def(
            "has",
            [](const KernelLibrary& library, const std::string& kernel) {
                return library.Find(kernel) != nullptr;
            },
            py::arg("kernel"))
        .def_property_readonly("kernel_types", &DescribeKernelTypes);
    module.def("launch", &LaunchKernel, py::arg("library"), py::arg("kernel"), py::arg("arguments"),
               py::kw_only(), py::arg("blocks"), py::arg("type") = py::none(),
               py::arg("tiling_key") = 0, py::arg("soc") = "Ascend910B2",
               py::arg("mode") = "checked", py::arg("order") = "forward", py::arg("seed") = 0,
               py::arg("collect_sites") = false, py::arg("collect_stream") = false,
               py::arg("mutated_sites") = std::vector<CallChain>{}, py::arg("echo") = false,
               "Runs a kernel without the GIL; a fault is in the report, not an exception.");
    module.def("socs", &DescribeSocs, "What the model knows of each chip, by name.");
}
