// SPDX-License-Identifier: Apache-2.0
// Copies between GM and UB that move flags of other cores instead of data.
#pragma once

namespace npu_cann {

// Until told otherwise, copies are of flags that cores wait for: each load but the first lets other
// cores run before.
void MoveFlags(bool begin);

class MovesFlags {
 public:
    MovesFlags() { MoveFlags(true); }
    ~MovesFlags() { MoveFlags(false); }
    MovesFlags(const MovesFlags&) = delete;
    MovesFlags& operator=(const MovesFlags&) = delete;
};

}  // namespace npu_cann
