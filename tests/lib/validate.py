#!/usr/bin/python3
"""validate.py SCHEMA DOCUMENTS: each document of a JSON array against a JSON Schema; prints what is wrong, a line each."""
import json
import sys

import jsonschema

schema = json.load(open(sys.argv[1], encoding="utf-8"))
jsonschema.Draft202012Validator.check_schema(schema)
checker = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
documents = json.load(open(sys.argv[2], encoding="utf-8"))
faults = 0
for number, document in enumerate(documents):
    for error in checker.iter_errors(document):
        faults += 1
        where = "/".join(str(step) for step in error.absolute_path)
        print(f"{number} ({document.get('rule')}, {document.get('subject')}): {where}: {error.message[:300]}")
if not documents:
    print("no documents")
    faults = 1
sys.exit(1 if faults else 0)
