"""CSV and XLSX files into the product, by a mapping that says which column is what (docs/import.md).

`runs.run_import` imports one file, `plans.run_plan` several in order; `kinds` knows what each kind of row
becomes. `jobs` stores what was uploaded in the browser, piece by piece; `guessing` and `words` suggest its mapping.
"""
