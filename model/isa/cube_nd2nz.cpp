// SPDX-License-Identifier: Apache-2.0
// copy_gm_to_cbuf_multi_nd2nz: rows of GM become fractals in L1.
#include <algorithm>
#include <array>
#include <vector>

#include "isa/cube_core.h"
#include "isa/cube_move.h"
#include "leaf/table.h"

namespace npu_model {
namespace {

constexpr uint32_t kBlock = 32;  // bytes
constexpr const char* kNd2NzSource = "Ascend C API, DataCopy from GM to L1 with ND2NZ";

// The parameters in bytes.
struct Layout {
    uint32_t matrices, rows, rowBytes, columns;  // a column is 32 bytes of a row
    int64_t sourceMatrix, sourceRow;
    int64_t targetColumn, targetRow, targetMatrix;

    explicit Layout(const NpuNd2Nz& shape)
        : matrices(shape.matrices),
          rows(shape.rows),
          rowBytes(uint32_t{shape.columns} * shape.elementBytes),
          columns((rowBytes + kBlock - 1) / kBlock),
          sourceMatrix(int64_t{shape.sourceMatrix} * shape.elementBytes),
          sourceRow(int64_t{shape.sourceRow} * shape.elementBytes),
          targetColumn(int64_t{shape.targetColumn} * kBlock),
          targetRow(int64_t{shape.targetRow} * kBlock),
          targetMatrix(int64_t{shape.targetMatrix} * shape.elementBytes) {
        if (rows == 0 || columns == 0) {
            matrices = 0;
        }
        if (matrices <= 1) {
            sourceMatrix = 0;
            targetMatrix = 0;
        }
    }

    bool Empty() const { return matrices == 0; }
    bool RowsAreContiguous() const { return rows == 1 || targetRow == kBlock; }

    Access Source(uint64_t base) const {
        Access access = Rows(kNpuGm, base, matrices, sourceMatrix, rowBytes, "source");
        access.inner = rows;
        access.innerStride = sourceRow;
        return access;
    }

    // Where the columns of all matrices start, if their rows are apart.
    std::vector<uint32_t> Columns() const {
        std::vector<uint32_t> columnStarts;
        columnStarts.reserve(size_t{matrices} * columns);
        for (uint32_t matrix = 0; matrix < matrices; ++matrix) {
            for (uint32_t column = 0; column < columns; ++column) {
                columnStarts.push_back(
                    static_cast<uint32_t>(matrix * targetMatrix + column * targetColumn));
            }
        }
        return columnStarts;
    }

    // `columnStarts` has to outlive the access.
    Access Target(uint32_t base, std::vector<uint32_t>* columnStarts) const {
        if (RowsAreContiguous()) {
            Access access = Rows(kNpuL1, base, matrices, targetMatrix, rows * kBlock, "target");
            access.inner = columns;
            access.innerStride = targetColumn;
            return access;
        }
        *columnStarts = Columns();
        Access access =
            Rows(kNpuL1, base, static_cast<uint32_t>(columnStarts->size()), 0, kBlock, "target");
        access.places = columnStarts->data();
        access.inner = rows;
        access.innerStride = targetRow;
        return access;
    }

    // True when two blocks of the result have one place.
    bool Overlaps() const {
        struct Step {
            int64_t stride;
            int64_t count;
        };
        std::array<Step, 3> steps = {
            {{targetRow, rows}, {targetColumn, columns}, {targetMatrix, matrices}}};
        std::sort(steps.begin(), steps.end(),
                  [](const Step& a, const Step& b) { return a.stride < b.stride; });
        int64_t extent = kBlock;  // of what the smaller steps fill
        for (const Step& step : steps) {
            if (step.count > 1 && step.stride < extent) {
                return OverlapsSomewhere();
            }
            extent += step.stride * (step.count - 1);
        }
        return false;
    }

 private:
    // Steps that interleave: looks at every block.
    bool OverlapsSomewhere() const {
        std::vector<uint32_t> blocks;
        blocks.reserve(size_t{matrices} * columns * rows);
        for (const uint32_t start : Columns()) {
            for (uint32_t row = 0; row < rows; ++row) {
                blocks.push_back(static_cast<uint32_t>((start + row * targetRow) / kBlock));
            }
        }
        std::sort(blocks.begin(), blocks.end());
        return std::adjacent_find(blocks.begin(), blocks.end()) != blocks.end();
    }
};

void CheckNd2Nz(const Issue& issue, const NpuNd2Nz& shape, const Layout& layout) {
    issue.RequireRange("ndNum", shape.matrices, 0, 4095, kNd2NzSource);
    issue.RequireRange("nValue", shape.rows, 0, 16384, kNd2NzSource);
    if (layout.Empty()) {
        return;
    }
    issue.RequireRange("srcDValue", shape.sourceRow, 1, 65535, kNd2NzSource);
    issue.RequireRange("dstNzC0Stride", shape.targetColumn, 1, 16384, kNd2NzSource);
    issue.RequireRange("dstNzNStride", shape.targetRow, 1, 16384, kNd2NzSource);
    if (layout.targetMatrix % kBlock != 0) {
        issue.Fail(FaultKind::kParameter, "dstNzMatrixStride in bytes",
                   "(" + std::to_string(layout.targetMatrix) + ") must be a multiple of " +
                       std::to_string(kBlock),
                   kNd2NzSource);
    }
}

const char* Nd2NzName(uint8_t elementBytes) {
    return elementBytes == 1   ? "copy_gm_to_cbuf_multi_nd2nz_b8"
           : elementBytes == 2 ? "copy_gm_to_cbuf_multi_nd2nz_b16"
                               : "copy_gm_to_cbuf_multi_nd2nz_b32s";
}

}  // namespace
}  // namespace npu_model

using namespace npu_model;

void NpuCopyGmToL1Nd2Nz(uint32_t target, uint64_t source, const NpuNd2Nz* shape) {
    Issue issue(Nd2NzName(shape->elementBytes), kNpuPipeMte2);
    RequireAic(issue);
    const Layout layout(*shape);
    CheckNd2Nz(issue, *shape, layout);
    issue.RequireAligned("target", kNpuL1, target, kBlock, kNd2NzSource);
    std::vector<uint32_t> columnStarts;
    const int read = issue.Read(layout.Source(source));
    const int write = issue.Write(layout.Target(target, &columnStarts));
    issue.Commit();
    if (layout.Empty()) {
        return;
    }
    if (issue.checked && layout.Overlaps()) {
        issue.Fail(FaultKind::kOverlap, "target",
                   "must not get two blocks in one place: their order is not defined",
                   kNd2NzSource);
    }
    const leaf::RowsToFractalsFn move = leaf::Active().rowsToFractals;
    for (uint32_t matrix = 0; matrix < layout.matrices; ++matrix) {
        move(issue.Host(write) + matrix * layout.targetMatrix, layout.targetColumn,
             layout.targetRow, issue.Host(read) + matrix * layout.sourceMatrix, layout.sourceRow,
             layout.rows, layout.rowBytes);
    }
}
