# SPDX-License-Identifier: Apache-2.0
"""Renew the digests after a change that is meant: ``python -m tests.golden``."""

from tests.golden.cases import DIGESTS, digests

HEADER = """\
# SPDX-License-Identifier: Apache-2.0
# Digests of instruction streams in effect (ascend_attention.model.stream_digest), by case of
# cases.py, one a launch. A change of kernels, tiling or model that is meant renews them:
# python -m tests.golden
"""

if __name__ == "__main__":
    lines = [f'{name} = "{digest}"' for name, digest in digests().items()]
    DIGESTS.write_text(HEADER + "\n".join(lines) + "\n")
