# Recipes for people; `.ci/run` is what CI does. `just` comes with `uv tool install rust-just`.

# list the recipes
default:
    @just --list

# the environment with the dev group, and the commit hooks
setup:
    uv sync
    uv run pre-commit install

# rewrite the code in the house's format
fmt:
    uv run ruff check --fix-only src tests tools
    uv run ruff format

# everything that reads the code without running it
check:
    uv run ruff check
    uv run ruff format --check
    uv run mypy
    uv run lint-imports

# the suite; arguments go to pytest
test *args:
    uv run pytest {{args}}

# benchmarks beside their references; arguments are names of benchmarks
bench *args:
    uv run python -m benchmarks {{args}}

# the documentation, warnings as errors
docs:
    uv run --group docs sphinx-build -W -b html docs docs/_build/html

# the long tests, resumable; `just soak --fresh` forgets what had passed
soak *args:
    bash .ci/soak {{args}}

# write the exact pins into pyproject.toml; `just pins --upgrade` moves all to the newest
pins *args:
    uv run --no-sync python tools/pins.py {{args}}
    uv sync
