"""Answers to the questions that people come with: an order is missing, stock is wrong, a label failed.

`gather` asks the store; `missing` (with `fetches`), `stock` and `label` judge what it found, and are pure. What is
concluded is a list of findings, each with the entries that prove it. Nothing is guessed: what the log does not show is
a finding too.
"""
