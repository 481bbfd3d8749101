#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One verb a task: sets up .venv, builds into build/<preset>, and runs the task from there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage="usage: ./build.sh VERB [arguments]

  run                 build, then run the main job: attention checked against references
  test [--all] [...]  build, then run the tests (--all: the slow ones too; the rest goes to pytest)
  lint                ruff, mypy, clang-format, codespell, and the layering, size and text checks
  format              rewrite the code the way lint wants it, where a tool can
  bench [...]         build, then run the benchmarks (arguments go to ascend_attention.bench)
  asan [...]          run the tests on a build with AddressSanitizer and UBSan
  check-headers DIR   check the kernels against the CANN headers in DIR
  npu                 the same against the toolkit at ASCEND_HOME_PATH (no NPU package yet)
  build               set up and build only

PYTHON chooses the interpreter (3.10 to 3.14), CXX the compiler; CI=true makes warnings errors."

fail() {
    echo "build.sh: $*" >&2
    exit 1
}

stepsDone=0
stepsTotal=3
step() {
    stepsDone=$((stepsDone + 1))
    printf '\n[%d/%d] %s\n' "$stepsDone" "$stepsTotal" "$*"
}

# Prints a suitable Python; it must be able to make a virtual environment and to compile against.
find_python() {
    local python version='import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 15))'
    local header='import sysconfig; open(sysconfig.get_path("include") + "/Python.h")'
    for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python3.10}; do
        "$python" -c "$version" 2>/dev/null || continue
        "$python" -c 'import venv, ensurepip' 2>/dev/null ||
            fail "$python has no venv module: install it (Debian: apt-get install python3-venv)"
        "$python" -c "$header" 2>/dev/null ||
            fail "$python has no C headers: install them (Debian: apt-get install python3-dev)"
        echo "$python"
        return
    done
    fail "no Python 3.10 to 3.14 found (torch 2.13 has no build for others): set PYTHON to one"
}

# Creates .venv with the pinned packages; does nothing while their list stays as it is.
set_up() {
    local key python stamp=.venv/set-up-key
    step "Set up .venv with the packages of constraints.txt"
    command -v "${CXX:-c++}" >/dev/null ||
        fail "no C++ compiler found: install one (Debian: apt-get install g++) or set CXX to it"
    key="$PWD $(cksum <constraints.txt)"
    export PATH="$PWD/.venv/bin:$PATH"
    if [[ -f $stamp && $(<"$stamp") == "$key" ]] && .venv/bin/python -c '' 2>/dev/null; then
        echo "up to date"
        return
    fi
    if [[ ! -f $stamp || $(<"$stamp") != "$PWD "* ]] || ! .venv/bin/python -c '' 2>/dev/null; then
        python=$(find_python)
        "$python" -m venv --clear .venv
    fi
    # torch by itself first: once the pinned one is there, nothing else asks for another.
    python -m pip install --disable-pip-version-check -c constraints.txt torch
    python -m pip install --disable-pip-version-check -r constraints.txt
    # Makes `.venv/bin/python` import the package of the default build.
    echo "$PWD/build/model/python" >"$(python -c \
        'import sysconfig; print(sysconfig.get_path("purelib"))')/ascend_attention.pth"
    echo "$key" >"$stamp"
}

# build PRESET [HEADERS]: what runs afterwards imports the package of this build.
build() {
    step "Build ($1) into build/$1"
    cmake --preset "$1" --log-level=NOTICE -DPython_EXECUTABLE="$PWD/.venv/bin/python" \
        -DASCENDC_HEADERS="${2:-}" -DASCEND_ATTENTION_WERROR="${CI:-OFF}"
    cmake --build --preset "$1"
    export PYTHONPATH="$PWD/build/$1/python"
}

run_tests() {
    local select=(-m "not slow")
    if [[ ${1:-} == --all ]]; then
        select=()
        shift
    fi
    step "Run the tests"
    # One thread a worker: the workers share the cores.
    OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} python -m pytest -n auto --maxprocesses 8 \
        --dist worksteal "${select[@]}" "$@"
}

run_tests_with_sanitizers() {
    local library path preload=()
    # Python is not instrumented, so the sanitizer has to be in the process before it; libstdc++
    # too, or the sanitizer finds no exception functions to wrap.
    for library in libasan.so libstdc++.so; do
        path=$("${CXX:-c++}" -print-file-name="$library")
        [[ -e $path ]] || fail "${CXX:-c++} has no $library: set CXX to a GCC that has it"
        preload+=("$path")
    done
    # pytest must leave the standard error of a dying process alone: the report is there.
    LD_PRELOAD="${preload[*]}" ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 \
        run_tests "$@" --capture=sys
}

# check_headers PRESET DIR [pytest arguments]
check_headers() {
    [[ -n $(find -L "$2" -name kernel_operator.h -print -quit 2>/dev/null) ]] ||
        fail "$2 has no kernel_operator.h below it: give the root of a CANN toolkit or asc-devkit"
    set_up
    build "$1" "$(realpath "$2")"
    step "Check kernels and API functions against the headers in $2"
    ASCENDC_HEADERS=$(realpath "$2") python -m pytest -m "not slow" --through-cann \
        tests/cann tests/model tests/ops "${@:3}"
}

sources() {
    git ls-files -co --exclude-standard -z -- "$@" | while IFS= read -rd '' file; do
        [[ ! -f $file ]] || printf '%s\0' "$file"
    done
}
check_format() { sources '*.h' '*.cpp' | xargs -0r clang-format --dry-run -Werror; }
check_spelling() { sources | xargs -0r codespell; }

failedChecks=()
check() {
    step "$1"
    "${@:2}" || failedChecks+=("$1")
}

lint() {
    stepsTotal=9
    set_up
    check "ruff check" ruff check
    check "ruff format" ruff format --check
    check "mypy" mypy
    check "clang-format" check_format
    check "codespell" check_spelling
    check "layering" python -m tests.lint layering
    check "size" python -m tests.lint size
    check "text" python -m tests.lint text
    [[ ${#failedChecks[@]} -eq 0 ]] || fail "lint found faults: ${failedChecks[*]}"
    printf '\nlint: all checks passed\n'
}

format() {
    step "Format"
    ruff check --fix --exit-zero --quiet
    ruff format
    sources '*.h' '*.cpp' | xargs -0r clang-format -i
}

run_module() {
    step "Run: python -m $*"
    python -m "$@"
}

verb=${1:-help}
shift || true
case $verb in
    # Not `set_up && build`: a command that fails inside would no longer end the script.
    run)
        set_up
        build model
        # As the model: most tensors are too small to gain from more threads.
        OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} run_module ascend_attention run "$@"
        ;;
    test) set_up; build model; run_tests "$@" ;;
    lint) lint ;;
    format) stepsTotal=2; set_up; format ;;
    bench) set_up; build model; run_module ascend_attention.bench "$@" ;;
    asan) set_up; build model-asan; run_tests_with_sanitizers "$@" ;;
    build) stepsTotal=2; set_up; build model ;;
    check-headers)
        if [[ $# -eq 0 ]]; then
            echo "check-headers: skipped, no directory given (usage: ./build.sh check-headers DIR)"
            exit 0
        fi
        check_headers model "$@"
        ;;
    npu)
        [[ -n ${ASCEND_HOME_PATH:-} ]] || fail "npu needs a CANN toolkit: set ASCEND_HOME_PATH to" \
            "its root (source its set_env.sh, which does so)"
        echo "There is no operator package for the NPU yet. This checks the kernels against the" \
            "API headers of $ASCEND_HOME_PATH on this CPU and builds nothing that runs on an NPU."
        check_headers npu "$ASCEND_HOME_PATH" "$@"
        ;;
    help | -h | --help) echo "$usage" ;;
    *) echo "$usage" >&2 && fail "unknown verb: $verb" ;;
esac
