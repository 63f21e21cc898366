"""The checks, the worker's tests and Scipion's tests, each with the right Python of `.scipion`. Standard library only.

    python3 tools/run_tests.py [arguments of pytest]

All parts run, whatever comes of the others; the last lines say how each ended. Exits with 1 if any failed.
The two sides run at once, which takes three fifths of the time on two cores; what the worker's prints comes when
Scipion's has ended.
Where there is no display, the tests that open windows get one of their own if Xvfb is installed. Otherwise they are
skipped, and that is a failure if WINDOWS_REQUIRED is set.
Arguments go to both runs of pytest; a path among them stands for the folder of the side that it is on.
"""
import io
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from bootstrap import CHECKOUT, HOME, ROOT, SCIPION_PYTHON, VENV, WORKER_PYTHON
from check import CHECKS
from display import display

NO_TESTS = 5      # pytest's exit code when nothing was selected


def main():
    arguments = sys.argv[1:]
    results = [(name, part(name, command, sys.stdout)) for name, command in CHECKS]
    with display():
        if not os.environ.get('DISPLAY'):
            line = 'no display: the tests that open windows are skipped; install Xvfb (Debian, Ubuntu: package xvfb)'
            print(f'\n{line}')
            if os.environ.get('WINDOWS_REQUIRED'):
                results.append(('display', (1, line)))
        with ThreadPoolExecutor(1) as beside:
            waiting = beside.submit(test, 'worker', WORKER_PYTHON, arguments, shown := io.StringIO())
            results += test('scipion', SCIPION_PYTHON, arguments, sys.stdout)
            results += waiting.result()
        print(shown.getvalue())
    print('\n' + '\n'.join(f'{name:<15}{"ok" if code == 0 else "FAILED":<8}{line}' for name, (code, line) in results))
    sys.exit(any(code for _, (code, _) in results))


def test(side, python, arguments, out):
    """Run the tests of one side: [(name, (exit code, last line))], [] if only tests of the other side are named.

    out: the stream that gets what they print.
    """
    paths = [word for word in arguments if word.startswith('tests/')]
    own = [word for word in paths if word.startswith(f'tests/{side}')]
    if paths and not own:
        return []
    options = [word for word in arguments if word not in paths]
    code, line = part(f'tests/{side}', [python, '-m', 'pytest', *options, *(own or [f'tests/{side}'])], out)
    if code == NO_TESTS and arguments:      # none of this side's tests were asked for
        code = 0
    return [(f'tests/{side}', (code, line))]


def part(name, command, out):
    """Run a command and write its output to a stream as it comes; returns its exit code and its last line."""
    print(f'\n--- {name}', file=out, flush=True)
    line = ''
    process = subprocess.Popen([str(word) for word in command], cwd=CHECKOUT, env=environment(), text=True,
                               errors='replace', stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for line in process.stdout:
        print(line, end='', file=out, flush=True)
    return process.wait(), line.strip(' =\n')


def environment():
    """Scipion's home is that of the checkout; its test projects keep apart from the user's."""
    environ = {name: value for name, value in os.environ.items()
               if name not in ('PYTHONPATH', 'PYTHONHOME', 'PICKEROPTIMIZER_PYTHON', 'PICKEROPTIMIZER_ENV_ACTIVATION')}
    environ.update({'SCIPION_HOME': str(HOME), 'SCIPION_USER_DATA': str(ROOT / 'testdata'),
                    'VIRTUAL_ENV': str(VENV), 'PATH': f'{VENV / "bin"}{os.pathsep}{os.environ["PATH"]}'})
    return environ


if __name__ == '__main__':
    main()
