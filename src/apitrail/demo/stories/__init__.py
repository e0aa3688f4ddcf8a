"""What the demo's backend does all day: one file per platform, each an example of a backend that uses Apitrail.

`STORIES` holds them in the order of the first pass.
"""

from apitrail.demo.stories import shopee, shopify, woocommerce, momo, easypost, ups, tcat  # noqa: F401, I001 - registers
from apitrail.demo.stories.desk import STORIES, Desk, Story

__all__ = ["STORIES", "Desk", "Story"]
