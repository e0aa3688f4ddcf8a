"""GraphQL: what an operation says of its variables is no secret, their values may be.

In `mutation ($password: String!) { login(password: $pw) }` the name of a secret stands before a type, and before a
variable (spec.graphql.org, Language.Variables): both are the caller's own words, and the operation is of no use in the
log without them. The values stand apart, in `variables`, under the variables' names: those of an argument that is
secret are.
"""

from __future__ import annotations

import re

from apitrail.recorder.redaction.documents import value
from apitrail.recorder.redaction.layers import Looking, Span

_GAP = r"(?:[\s,]|\\[nrt])*+"
_OPERATION = re.compile(rf"(?<![\w.])(?:query|mutation|subscription)\b[^{{}}()$]{{0,200}}+\({_GAP}\$")
_DECLARED = re.compile(rf"\$([A-Za-z_]\w{{0,127}}+){_GAP}:{_GAP}\[*+[A-Za-z_]")
_VARIABLE = re.compile(r"\$([A-Za-z_]\w{0,127}+)")
_ARGUMENT = re.compile(rf"(?<![\w$])([A-Za-z_]\w{{0,127}}+){_GAP}:{_GAP}\$([A-Za-z_]\w{{0,127}}+)")
_VALUES = '"variables"'
_KEY = re.compile(r'"([A-Za-z_]\w{0,127}+)"[ \t\r\n]*+:[ \t\r\n]*+')


def declared(text: str) -> frozenset[str]:
    """The variables of the operations in a text."""
    if "$" not in text or not _OPERATION.search(text):
        return frozenset()
    return frozenset(_DECLARED.findall(text))


def is_of_a_variable(text: str, pair: re.Match[str], variables: frozenset[str]) -> bool:
    """Whether a pair, whose name is its first group, declares one of the variables, or is an argument that is one."""
    if pair[1] in variables and text[pair.start() - 1 : pair.start()] == "$":
        return True
    variable = _VARIABLE.match(text, pair.end())
    return variable is not None and variable[1] in variables


def values(text: str, look: Looking) -> list[Span]:
    """In the JSON of a call, the values of variables that are given to arguments with a secret name."""
    at = text.find(_VALUES) if "$" in text else -1
    if at < 0 or not _OPERATION.search(text):
        return []
    secret = {variable: look.secret(argument, "json") for argument, variable in _ARGUMENT.findall(text)}
    found: list[Span] = []
    for key in _KEY.finditer(text, at) if any(secret.values()) else ():
        if groups := secret.get(key[1]):
            found += value(text, key.end(), groups, look)[0]
    return found
