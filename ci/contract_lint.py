"""Holds openapi/*.json against the specifications that they claim to follow.

    contract_lint.py OPENAPI ASYNCAPI ASYNCAPI_SCHEMA
"""
import json
import sys

from jsonschema import Draft7Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

openapi, asyncapi, rules = (json.load(open(path)) for path in sys.argv[1:])
problems = [f"OpenAPI: {e.message} at {list(e.path)}" for e in OpenAPIV31SpecValidator(openapi).iter_errors()]
problems += [f"AsyncAPI: {e.message} at {list(e.path)}" for e in Draft7Validator(rules).iter_errors(asyncapi)]

for path, methods in openapi["paths"].items():
    for method, operation in methods.items():
        where = f"{method.upper()} {path}"
        answers = operation["responses"]
        if not any(status < "400" for status in answers):
            problems.append(f"{where} has no answer that is no error")
        for status, answer in answers.items():
            if "X-Request-Id" not in answer.get("headers", {}):
                problems.append(f"{where} {status} has no X-Request-Id")
            if status >= "400" and not answer["content"]["application/json"]["examples"]:
                problems.append(f"{where} {status} has no example")

print("\n".join(problems) or f"openapi.json and asyncapi.json follow their specifications, {len(openapi['paths'])} paths")
sys.exit(bool(problems))
