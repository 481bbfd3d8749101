// SPDX-License-Identifier: Apache-2.0
// A core's own stack: runs a function until it yields or leaves. Stays on its thread.
#pragma once

#include <ucontext.h>

#include <csignal>
#include <cstddef>
#include <functional>
#include <string>

namespace npu_model {

class Fiber {
 public:
    // `name` is for the message when the stack is exhausted.
    Fiber(std::string name, std::function<void()> body);
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

    // The body has used more than StackBytes(). It can still run on spare memory, so that it can be
    // ended in order; beyond that the process dies with a message.
    bool Overflowed() const { return overflowed_ != 0; }
    static size_t StackBytes();
    // Lowest and one past the highest address of the stack.
    const char* StackBegin() const;
    const char* StackEnd() const;

    // For the handler of SIGSEGV: makes the spare memory usable if the address lies there.
    bool Grow(const void* address);

 private:
    static void Start(unsigned high, unsigned low);
    void SwitchOut(bool forGood);

    std::string name_;
    std::function<void()> body_;
    char* stack_;  // above the spare memory, which lies above a guard page
    ucontext_t context_{};
    ucontext_t scheduler_{};
    bool finished_ = false;
    volatile std::sig_atomic_t overflowed_ = 0;
    void* fakeStack_ = nullptr;  // AddressSanitizer's, of the fiber
    const void* schedulerStack_ = nullptr;
    size_t schedulerStackBytes_ = 0;
};

}  // namespace npu_model
