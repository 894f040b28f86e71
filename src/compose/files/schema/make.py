"""Writes compose.json: the shape of compose files, without prose, one definition a line.

Usage: make.py compose-spec.json > compose.json
Source: compose-go v2.16.1 schema/compose-spec.json (compose-spec, JSON schema 2020-12).
"""

import json
import sys

PROSE = ("description", "title", "$schema", "$id", "deprecated", "default")


def bare(node):
    if isinstance(node, list):
        return [bare(item) for item in node]
    if not isinstance(node, dict):
        return node
    out = {}
    for key, value in node.items():
        if key in PROSE and not isinstance(value, dict):
            continue
        if key == "properties" or key == "patternProperties":
            out[key] = {name: bare(inside) for name, inside in value.items()}
        elif key == "$ref":
            out[key] = value.removeprefix("#/$defs/")
        else:
            out[key] = bare(value)
    return out


def main():
    schema = json.load(open(sys.argv[1], encoding="utf-8"))
    definitions = schema.pop("$defs")
    definitions[""] = schema
    lines = []
    for name in sorted(definitions):
        lines.append(json.dumps(name) + ":" + json.dumps(bare(definitions[name]), separators=(",", ":")))
    print("{" + ",\n".join(lines) + "}")


main()
