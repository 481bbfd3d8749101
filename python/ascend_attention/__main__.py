# SPDX-License-Identifier: Apache-2.0
"""``python -m ascend_attention``."""

from ascend_attention.cli import app

if __name__ == "__main__":
    app(prog_name="python -m ascend_attention")
