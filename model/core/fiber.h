// SPDX-License-Identifier: Apache-2.0
// A core's own stack: runs a function until it yields or leaves. Stays on its thread.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <functional>

namespace npu_model {

class Fiber {
 public:
    explicit Fiber(std::function<void()> body);
    ~Fiber();
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    // Runs the body until it calls Yield or Leave, or returns. Called by the scheduler.
    void Resume();
    // Back to the scheduler; Resume continues here. Called on the fiber.
    void Yield();
    // Back to the scheduler for good; the stack is given up as it is. Called on the fiber.
    [[noreturn]] void Leave();
    bool Finished() const { return finished_; }
    // Lowest and one past the highest address of the stack.
    const char* StackBegin() const { return stack_; }
    const char* StackEnd() const;

 private:
    static void Start(unsigned high, unsigned low);
    void SwitchOut(bool forGood);

    std::function<void()> body_;
    char* stack_;  // above the guard page
    ucontext_t context_{};
    ucontext_t scheduler_{};
    bool finished_ = false;
    void* fakeStack_ = nullptr;  // AddressSanitizer's, of the fiber
    const void* schedulerStack_ = nullptr;
    size_t schedulerStackBytes_ = 0;
};

}  // namespace npu_model
