"""YAML text into any frozen dataclass, every mistake at its line and column.

The text is parsed to nodes that remember where they stand; scalars stay text until a field says
what they are, so that `no`, `1e6` and `12:30` mean what the field means. A plan is untrusted input:
size, depth, aliases, tags and duplicate keys are checked before anything is built.
"""

from gigaplan.read.fields import KEY, read, read_dataclass, read_node
from gigaplan.read.nodes import (
    DEEPEST,
    LARGEST_FILE,
    MOST_KEPT,
    MOST_NODES,
    MOST_PROBLEMS,
    Node,
    Problem,
    ReadError,
    compose,
    mapping_like,
    position,
    printable,
    without,
)
from gigaplan.read.quantities import FIGURE_KEYS, GRADES
from gigaplan.read.reader import UNSET, Reader, nearest, no_such_key, there_are, yaml_key
from gigaplan.read.schema import json_schema

__all__ = [
    "DEEPEST",
    "FIGURE_KEYS",
    "GRADES",
    "KEY",
    "LARGEST_FILE",
    "MOST_KEPT",
    "MOST_NODES",
    "MOST_PROBLEMS",
    "UNSET",
    "Node",
    "Problem",
    "ReadError",
    "Reader",
    "compose",
    "json_schema",
    "mapping_like",
    "nearest",
    "no_such_key",
    "position",
    "printable",
    "read",
    "read_dataclass",
    "read_node",
    "there_are",
    "without",
    "yaml_key",
]
