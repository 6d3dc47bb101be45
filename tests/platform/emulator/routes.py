"""Names the operation of a REST call from the service models that botocore carries (`service-2.json`)."""

import functools
import gzip
import json
import pathlib
import re

import botocore

DATA = pathlib.Path(botocore.__file__).parent / "data"
# Where the name in a request's signature and the model's folder differ.
FOLDERS = {"email": ("sesv2",), "ses": ("sesv2",), "apigateway": ("apigatewayv2", "apigateway")}


def operation(service, method, path, query, headers):
    """The operation's name, or None. `query` and `headers` are dictionaries; header names are lower case."""
    if query.get("x-id"):
        # S3 clients name the operation themselves where its route is ambiguous.
        return query["x-id"]
    best, best_score = None, ()
    for route in _routes(service):
        score = route.score(method, path, query, headers)
        if score is not None and score > best_score:
            best, best_score = route.name, score
    return best


class _Route:
    """One operation: its method, its path as a pattern, and what a request must carry to mean it."""

    def __init__(self, name, spec, shapes):
        self.name = name
        self.method = spec["http"]["method"]
        path, _, literals = spec["http"]["requestUri"].partition("?")
        self.pattern = re.compile(_pattern(path))
        self.fixed_length = len(re.sub(r"\{[^}]*\}", "", path))
        self.query = dict(literal.partition("=")[::2] for literal in literals.split("&") if literal)
        shape = shapes.get(spec.get("input", {}).get("shape"), {})
        self.headers = []
        for member in shape.get("required", ()):
            where = shape["members"][member]
            if where.get("location") == "querystring":
                self.query.setdefault(where["locationName"], "")
            elif where.get("location") == "header":
                self.headers.append(where["locationName"].lower())

    def score(self, method, path, query, headers):
        """How closely the request fits, larger is closer; None when it does not."""
        if method != self.method or not self.pattern.fullmatch(path):
            return None
        if any(name not in query or (value and query[name] != value) for name, value in self.query.items()):
            return None
        if any(name not in headers for name in self.headers):
            return None
        return self.fixed_length, len(self.query) + len(self.headers), -len(self.name)


def _pattern(path):
    parts = re.split(r"(\{[^}]*\})", path.rstrip("/") or "/")
    return "".join(_group(part) for part in parts) + "/?"


def _group(part):
    if not part.startswith("{"):
        return re.escape(part)
    # The name of a role is part of its ARN, behind a slash.
    return ".+" if part.endswith(("+}", "Arn}")) else "[^/]+"


@functools.cache
def _routes(service):
    found = []
    for folder in FOLDERS.get(service, (service,)):
        versions = sorted((DATA / folder).glob("*/service-2.json.gz"))
        if versions:
            with gzip.open(versions[-1], "rt", encoding="utf-8") as model:
                model = json.load(model)
            if "rest" in model["metadata"]["protocol"]:
                found += [_Route(name, spec, model["shapes"]) for name, spec in sorted(model["operations"].items())]
    return tuple(found)
