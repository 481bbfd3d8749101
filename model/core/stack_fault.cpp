// SPDX-License-Identifier: Apache-2.0
// The handler of SIGSEGV. Everything that it calls may be called in a signal handler.
#include "core/stack_fault.h"

#include <csignal>
#include <memory>

#include "core/fiber.h"

namespace npu_model {
namespace {

thread_local Fiber* running = nullptr;
struct sigaction previous{};

void OnFault(int signal, siginfo_t* info, void* context) {
    if (running != nullptr && running->Grow(info->si_addr)) {
        return;
    }
    if ((previous.sa_flags & SA_SIGINFO) != 0) {
        previous.sa_sigaction(signal, info, context);
    } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
        previous.sa_handler(signal);
    } else {
        // The instruction runs again and the process dies in the usual way.
        sigaction(signal, &previous, nullptr);
    }
}

class Handler {
 public:
    Handler() {
        struct sigaction action{};
        action.sa_sigaction = OnFault;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigemptyset(&action.sa_mask);
        sigaction(SIGSEGV, &action, &previous);
    }
    ~Handler() {
        struct sigaction current{};
        sigaction(SIGSEGV, nullptr, &current);
        if ((current.sa_flags & SA_SIGINFO) != 0 && current.sa_sigaction == OnFault) {
            sigaction(SIGSEGV, &previous, nullptr);
        }
    }
};

// The stack that this thread's handlers run on, if nobody else has given it one.
class AlternateStack {
 public:
    AlternateStack() {
        stack_t current{};
        sigaltstack(nullptr, &current);
        if ((current.ss_flags & SS_DISABLE) != 0) {
            memory_ = std::make_unique<char[]>(kBytes);
            stack_t own{};
            own.ss_sp = memory_.get();
            own.ss_size = kBytes;
            sigaltstack(&own, nullptr);
        }
    }
    ~AlternateStack() {
        stack_t current{};
        sigaltstack(nullptr, &current);
        if (memory_ != nullptr && current.ss_sp == memory_.get()) {
            stack_t none{};
            none.ss_flags = SS_DISABLE;
            sigaltstack(&none, nullptr);
        }
    }

 private:
    static constexpr size_t kBytes = size_t{64} << 10;
    std::unique_ptr<char[]> memory_;
};

}  // namespace

void SetRunningFiber(Fiber* fiber) { running = fiber; }

void WatchStacks() {
    static const Handler handler;
    thread_local const AlternateStack stack;
}

}  // namespace npu_model
