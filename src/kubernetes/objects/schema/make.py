#!/usr/bin/env python3
"""Makes src/kubernetes/objects/schema/kinds.txt: the shape of every built-in kind.

    SCHEMA_JSON=.../schema.json GO_API=.../api GO_MACHINERY=.../apimachinery GO_EXTENSIONS=.../apiextensions-apiserver
    GO_AGGREGATOR=.../kube-aggregator make.py

SCHEMA_JSON: field types, enums, list and merge keys and discovery of a running server, as JSON.
GO_*: git directories of k8s.io/api, apimachinery, apiextensions-apiserver and kube-aggregator at the same version; they
tell what OpenAPI does not: order of declaration, pointers, omitempty, embedded structs and the Go type names that decoding errors print.
The format is described in src/kubernetes/objects/schema.rs.
"""
import json, os, re, subprocess, sys
from pathlib import Path

schema = json.load(open(os.environ["SCHEMA_JSON"]))
OUT = Path(__file__).resolve().parent / "kinds.txt"
ELSEWHERE = {
    "apimachinery.pkg.apis.meta.v1": ("GO_MACHINERY", "pkg/apis/meta/v1"),
    "apimachinery.pkg.runtime": ("GO_MACHINERY", "pkg/runtime"),
    "apiextensions-apiserver.pkg.apis.apiextensions.v1": ("GO_EXTENSIONS", "pkg/apis/apiextensions/v1"),
    "kube-aggregator.pkg.apis.apiregistration.v1": ("GO_AGGREGATOR", "pkg/apis/apiregistration/v1"),
}


def source(package):
    """The Go text of one API package, or None."""
    if package in ELSEWHERE:
        repo, folder = os.environ[ELSEWHERE[package][0]], ELSEWHERE[package][1]
    else:
        repo, folder = os.environ["GO_API"], package.replace(".", "/")
    run = lambda *a: subprocess.run(["git", "-C", repo, *a], capture_output=True, text=True)
    listing = run("ls-tree", "--name-only", "HEAD", folder + "/")
    files = [f for f in listing.stdout.split() if re.search(r"/types\w*\.go$|/(meta|micro_time|time)\.go$", f)]
    return "\n".join(run("show", "HEAD:" + f).stdout for f in files) or None


def read_go(package):
    """Struct name -> [(go name, go type, tag)], and name -> underlying type of the other named types."""
    text = source(package)
    if text is None:
        return {}, {}
    text = re.sub(r"//[^\n]*", "", re.sub(r"/\*.*?\*/", "", text, flags=re.S))
    structs, named = {}, {}
    for m in re.finditer(r"^type (\w+) struct \{(.*?)^\}", text, re.S | re.M):
        fields = []
        for line in m[2].split("\n"):
            f = re.match(r"\s*(?:(\w+)\s+)?([\w.*\[\]]+)(?:\s+`(.*)`)?\s*$", line)
            if f and (f[3] or not f[1]):
                fields.append((f[1], f[2], f[3] or ""))
        structs[m[1]] = fields
    for m in re.finditer(r"^\s*(?:type )?(\w+)\s+((?:map\[\w+\])?[\w.\[\]]+)$", text, re.M):
        named.setdefault(m[1], m[2])
    return structs, named


GO = {}


def go(package):
    if package not in GO:
        GO[package] = read_go(package)
    return GO[package]


def go_fields(package, name, via=()):
    """JSON name -> (go type, flags, embedded chain) in order of declaration."""
    structs, _ = go(package)
    out = {}
    for go_name, go_type, tag in structs.get(name, []):
        j = re.search(r'json:"([^"]*)"', tag)
        parts = (j[1] if j else "").split(",")
        bare = go_type.lstrip("*").split(".")[-1]
        if not parts[0] and not go_name:
            if bare == "TypeMeta":
                out["kind"] = ("string", "o", via + ("TypeMeta",))
                out["apiVersion"] = ("string", "o", via + ("TypeMeta",))
            elif "." not in go_type:
                out.update(go_fields(package, bare, via + (bare,)))
            continue
        if not parts[0] or parts[0] == "-":
            continue
        flags = ("o" if "omitempty" in parts else "") + ("z" if "omitzero" in parts else "")
        out[parts[0]] = (go_type, flags, via)
    return out


SCALARS = {("string", None): "s", ("integer", "int32"): "i", ("integer", "int64"): "l", ("boolean", None): "b",
           ("number", "double"): "n", ("string", "byte"): "y", ("string", "date-time"): "s", ("object", None): "o", (None, None): "o"}
types = sorted(schema["types"])
number = {t: n for n, t in enumerate(types)}


def code(d):
    if "ref" in d:
        return str(number[d["ref"]])
    if d.get("type") == "array":
        return "[" + code(d["items"])
    if d.get("type") == "object" and "values" in d:
        return "{" + code(d["values"])
    return SCALARS[(d.get("type"), d.get("format"))]


def plain_go(d):
    """The Go type that the code alone tells."""
    if "ref" in d:
        return ".".join(d["ref"].split(".")[-2:])
    if d.get("type") == "array":
        return "[]" + plain_go(d["items"])
    if d.get("type") == "object" and "values" in d:
        return "map[string]" + plain_go(d["values"])
    return {"s": "string", "i": "int32", "l": "int64", "b": "bool", "n": "float64", "y": "[]uint8", "o": "object"}[code(d)]


def qualify(package, go_type):
    """A Go type as reflection prints it."""
    m = re.match(r"^(\*|\[\]|map\[\w+\])(.*)$", go_type)
    if m:
        head = "" if m[1] == "*" else m[1]
        if m[1].startswith("map["):
            key = m[1][4:-1]
            head = "map[" + (key if key == "string" else qualify(package, key)) + "]"
        inner = qualify(package, m[2])
        return head + ("*" + inner if m[2].startswith("*") else inner)
    if go_type in ("string", "int32", "int64", "bool", "float64", "int", "uint32"):
        return go_type
    if go_type == "byte":
        return "uint8"
    if "." in go_type:
        p, n = go_type.split(".")
        return {"metav1": "v1", "corev1": "v1", "rbacv1": "v1"}.get(p, p) + "." + n
    return package.split(".")[-1] + "." + go_type


def line(package, name, d, fact):
    go_type, flags, via = fact if fact else (None, None, ())
    if fact is None:  # no Go source: what OpenAPI implies
        flags = "" if "default" in d else "o"
        pointer = "ref" in d and "default" not in d
    else:
        pointer = go_type.startswith("*")
    marks = flags + ("p" if pointer else "")
    out = [name, code(d) + (" " + marks if marks else " -")]
    if go_type:
        spelled = qualify(package, go_type)
        if spelled != plain_go(d):
            out.append("=" + spelled)
    if via:
        out.append("<" + ".".join(via))
    if "enum" in d:
        out.append("!" + "|".join(d["enum"]))
    if d.get("default") not in (None, {}, "", 0, False):
        out.append("?" + str(d["default"]))
    if "patchStrategy" in d:
        out.append("&" + d["patchStrategy"])
    if "mergeKey" in d:
        out.append("~" + d["mergeKey"])
    if d.get("listType") not in (None, "atomic"):
        out.append("#" + d["listType"] + (":" + ",".join(d["listMapKeys"]) if "listMapKeys" in d else ""))
    if d.get("mapType") == "atomic":
        out.append("#atomic")
    return " ".join(out)


lines, missing = [], []
for t in types:
    d = schema["types"][t]
    package, name = t.rsplit(".", 1)
    marks = [m for m, on in (("atomic", d.get("mapType") == "atomic"),) if on]
    lines.append("@" + " ".join([t, *marks]))
    facts = go_fields(package, name)
    fields = d.get("fields") or {}
    required = set(d.get("required") or [])
    order = [f for f in facts if f in fields] + [f for f in fields if f not in facts]
    if {"kind", "apiVersion"} <= set(order) and not facts:
        order = ["kind", "apiVersion"] + [f for f in order if f not in ("kind", "apiVersion")]
    for f in order:
        if facts and f not in facts:
            missing.append(f"{t}.{f}")
        lines.append(line(package, f, fields[f], facts.get(f)) + (" *" if f in required else ""))
for k in schema["kinds"]:
    lines.append(f"K{k['group'] or '-'} {k['version']} {k['kind']} {number[k['type']]}")
VERBS = sorted({v for r in schema["resources"] for v in r["verbs"]})
letters = {v: chr(ord("a") + n) for n, v in enumerate(VERBS)}
lines.append("V" + " ".join(VERBS))
for r in schema["resources"]:
    lines.append("R" + " ".join([r["gv"], r["name"], r["kind"], "n" if r["namespaced"] else "c", r["singular"] or "-",
                                 ",".join(r["shortNames"]) or "-", "".join(letters[v] for v in r["verbs"]) or "-",
                                 ",".join(r["categories"]) or "-"]))
OUT.write_text("\n".join(lines) + "\n")
print(f"{OUT.name}: {len(types)} types, {OUT.stat().st_size} bytes; not in Go: {missing}", file=sys.stderr)
