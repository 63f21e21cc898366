"""The command line: what a user, a script and the Scipion side can rely on. One file for each command.

A command is a module with HELP, add_arguments(parser), run(options) and, where it helps, AFTER_INTERRUPT. It imports
what it needs when it runs, so that help, `check` and wrong arguments answer at once.
"""
import argparse
import errno
import signal
import sys
from pathlib import Path
from typing import Optional, Sequence

from ..exchange.errors import DeviceError, FeederGone, InputError
from ..exchange.signals import EXIT_ERROR, EXIT_FEEDER_GONE, EXIT_INTERRUPTED
from ..network.failures import raise_clearly
from . import categories, check, embed, evaluate, finetune, mask, pretrain, prune, simulate

COMMANDS = (finetune, prune, mask, embed, evaluate, categories, pretrain, simulate, check)

# Arguments that are files.
INPUTS = ('micrographs', 'labels', 'coordinates', 'model', 'categories', 'data', 'follow')
OUTPUTS = ('output', 'rejected', 'report', 'plot')


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run one command; return its exit code. What a user can mend is told in one line on stderr."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _terminate)
    code = EXIT_ERROR
    try:
        _check_outputs(options)
        _run(options)
        return 0
    except (InputError, DeviceError) as error:
        message = str(error)
    except FeederGone as gone:
        message, code = str(gone), EXIT_FEEDER_GONE
    except ModuleNotFoundError as error:
        message = (f'{sys.executable} has no {error.name}: run the worker with the Python of its own environment, '
                   f'which "scipion3 installb pickeroptimizer" and "make demo" set up.')
    except MemoryError:
        message = 'not enough memory; close other programs or use a machine with more.'
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        message = (f'no space left to write {error.filename or "the results"}; free some space and run it again.'
                   if full else f'{error.filename or "a file"}: {error.strerror or error}')
    except KeyboardInterrupt as interrupt:
        print(f'interrupted{getattr(options.command, "AFTER_INTERRUPT", "")}', file=sys.stderr)
        return 128 + interrupt.args[0] if interrupt.args else EXIT_INTERRUPTED
    message = ' '.join(message.split())
    print(f'error: {message}', file=sys.stderr)
    if getattr(options, 'error_file', None):
        Path(options.error_file).write_text(message + '\n', encoding='utf-8')
    return code


def _run(options):
    try:
        options.command.run(options)
    except RuntimeError as error:      # what torch raises
        raise_clearly(error)


def _terminate(number, frame):
    raise KeyboardInterrupt(number)


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong with the arguments in one line, as everything else is told."""

    def error(self, message):
        self.exit(EXIT_ERROR, f'error: {message}; see "{self.prog} --help".\n')


def _parser():
    parser = _Parser(prog='python -m worker', description='The engine of PickerOptimizer.')
    commands = parser.add_subparsers(title='commands', metavar='COMMAND', required=True)
    for module in COMMANDS:
        name, text = module.__name__.rpartition('.')[2], module.HELP
        command = commands.add_parser(name, help=text, description=f'{text[0].upper()}{text[1:]}.')
        command.set_defaults(command=module)
        module.add_arguments(command)
    return parser


def _check_outputs(options):
    """An output goes to a folder that is there, and never in the place of an input; some make their own folder."""
    if options.command in (simulate, mask):
        return
    given = vars(options)
    inputs = {path.resolve() for key in INPUTS for path in _as_list(given.get(key)) if path.exists()}
    for output in (given[key] for key in OUTPUTS if given.get(key)):
        if output.is_dir():
            raise InputError(f'{output}: a folder; name the file to be written.')
        if not output.parent.is_dir():
            raise InputError(f'{output.parent}: no such folder; make it before {output.name} is written there.')
        if output.resolve() in inputs:
            raise InputError(f'{output}: is an input of this command too; give the output another name.')


def _as_list(value):
    return value if isinstance(value, list) else [value] if isinstance(value, Path) else []
