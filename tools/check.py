"""ruff, import-linter and mypy, as pyproject.toml sets them: seconds, and no test is run. Standard library only.

    python3 tools/check.py
"""
import subprocess
import sys

from bootstrap import CHECKOUT, SCIPION_PYTHON, TOOLS, SetupError, set_up_tools

TYPES = ('--python-executable', SCIPION_PYTHON)      # whose numpy says its types in words of Python 3.9

CHECKS = (('ruff', (TOOLS / 'bin' / 'ruff', 'check', '--quiet', '--output-format=concise', '.')),
          ('import-linter', (TOOLS / 'bin' / 'lint-imports',)),
          ('mypy', (TOOLS / 'bin' / 'mypy', *(TYPES if SCIPION_PYTHON.exists() else ()))))


def main():
    try:
        set_up_tools()
    except SetupError as error:
        sys.exit(f'\nNot set up: {error}')
    codes = [subprocess.run([str(word) for word in command], cwd=CHECKOUT).returncode for _, command in CHECKS]
    sys.exit(any(codes))


if __name__ == '__main__':
    main()
