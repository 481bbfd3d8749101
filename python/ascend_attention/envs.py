# SPDX-License-Identifier: Apache-2.0
"""Every environment variable that the package reads, with its default and meaning."""

import os
import shlex

MODEL_MODE = "ASCEND_ATTENTION_MODEL_MODE"
MODEL_MODES = ("fast", "checked")


def model_mode() -> str:
    """Mode of the AI Core model: ``fast`` (default) or ``checked``, which enforces every rule."""
    value = os.environ.get(MODEL_MODE, "fast")
    if value not in MODEL_MODES:
        raise ValueError(f"{MODEL_MODE} ({value}) must be one of {', '.join(MODEL_MODES)}")
    return value


def compiler() -> list[str]:
    """C++ compiler of ``model.compile_kernel``: ``CXX``, by default ``c++``; GCC or Clang."""
    return shlex.split(os.environ.get("CXX", "")) or ["c++"]
