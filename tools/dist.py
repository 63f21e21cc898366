"""The wheel and the source distribution, made anew and checked by twine. Standard library only.

    python3 tools/dist.py [--output FOLDER] [--url https://github.com/OWNER/NAME]

They hold what lies in the checkout's package, so make those that others get from a clean one. An index shows the README
without the files beside it: with the address of the project, the README's pictures and links lead there, to what bears
the tag v0.1.0 or whatever the version is.
"""
import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bootstrap import CHECKOUT, ROOT, TOOLS_PYTHON, SetupError, set_up_tools


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--output', type=Path, default=CHECKOUT / 'dist')
    parser.add_argument('--url', default='', help='address of the project; without it, pictures are not seen elsewhere')
    options = parser.parse_args()
    output = options.output
    try:
        set_up_tools()
    except SetupError as error:
        sys.exit(f'\nNot set up: {error}')
    for old in distributions(output):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, CHECKOUT.name)
        shutil.copytree(CHECKOUT, source, ignore=shutil.ignore_patterns('.git', ROOT.name, 'dist', 'build', 'output'))
        if options.url:
            readme = source / 'README.md'
            readme.write_text(absolute(readme.read_text(encoding='utf-8'), options.url.rstrip('/'), version(source)),
                              encoding='utf-8')
        # The wheel is made from the source distribution: what is missing there is missing here.
        if not run_tool('build', '--quiet', '--outdir', output, source):
            sys.exit('\nThe distributions could not be made (the lines above say why).')
    if not run_tool('twine', 'check', '--strict', *distributions(output)):
        sys.exit('\nThe distributions are not as an index wants them (the lines above say why).')


def version(checkout):
    return re.search("__version__ = '(.+?)'", (checkout / 'pickeroptimizer' / '__init__.py').read_text(
        encoding='utf-8')).group(1)


def absolute(text, url, version):
    """A README whose pictures and links to files of the checkout lead to this version of them at the address."""
    def lead(found):
        picture, words, target = found.groups()
        if '://' in target or target.startswith('#'):
            return found.group()
        return f'{picture}[{words}]({url}/{"raw" if picture else "blob"}/v{version}/{target})'
    return re.sub(r'(!?)\[([^]]*)\]\(([^)\s]+)\)', lead, text)


def distributions(folder):
    return sorted((*folder.glob('*.tar.gz'), *folder.glob('*.whl')))


def run_tool(module, *arguments):
    """Run one of the tools; returns whether it came to a good end."""
    return subprocess.run([str(word) for word in (TOOLS_PYTHON, '-m', module, *arguments)]).returncode == 0


if __name__ == '__main__':
    main()
