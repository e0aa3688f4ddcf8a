"""Recorded traffic of carriers and shops, as HAR. It is no part of this repository: APITRAIL_CORPORA names its folder,
or it stands beside the checkout as `shared/corpora`; where it is not at hand, there is none.
"""

import os
from pathlib import Path

RECORDINGS = sorted(
    Path(os.environ.get("APITRAIL_CORPORA") or Path(__file__).parents[2] / "shared/corpora").glob("*.har")
)
