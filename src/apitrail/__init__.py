"""Apitrail: record every call to e-commerce platforms and carriers, and every webhook they send."""
