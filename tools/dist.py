"""The wheel and the source distribution, made anew and checked by twine. Standard library only.

    python3 tools/dist.py [--output FOLDER]

They hold what lies in the checkout's package, so make those that others get from a clean one.
"""
import argparse
import subprocess
import sys
from pathlib import Path

from bootstrap import CHECKOUT, TOOLS_PYTHON, SetupError, set_up_tools


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--output', type=Path, default=CHECKOUT / 'dist')
    output = parser.parse_args().output
    try:
        set_up_tools()
    except SetupError as error:
        sys.exit(f'\nNot set up: {error}')
    for old in distributions(output):
        old.unlink()
    # The wheel is made from the source distribution: what is missing there is missing here.
    if not run_tool('build', '--quiet', '--outdir', output, CHECKOUT):
        sys.exit('\nThe distributions could not be made (the lines above say why).')
    if not run_tool('twine', 'check', '--strict', *distributions(output)):
        sys.exit('\nThe distributions are not as an index wants them (the lines above say why).')


def distributions(folder):
    return sorted((*folder.glob('*.tar.gz'), *folder.glob('*.whl')))


def run_tool(module, *arguments):
    """Run one of the tools; returns whether it came to a good end."""
    return subprocess.run([str(word) for word in (TOOLS_PYTHON, '-m', module, *arguments)]).returncode == 0


if __name__ == '__main__':
    main()
