"""The command line: what a user, a script and the Scipion side can rely on.

Commands import what they need when they run, so that help, `check` and wrong arguments answer at once.
"""
import argparse
import errno
import json
import signal
import sys
from pathlib import Path

from . import tables
from .errors import DeviceError, FeederGone, InputError
from .files import replacing

# Arguments that are files.
INPUTS = ('micrographs', 'labels', 'coordinates', 'model', 'categories', 'data', 'follow')
OUTPUTS = ('output', 'report', 'plot')
EXIT_ERROR = 2
EXIT_UNFED = 75            # as sysexits.h has it for a failure that a later try may mend
EXIT_INTERRUPTED = 130      # as a shell reports SIGINT; 143 is SIGTERM


def main(arguments=None) -> int:
    """Run one command; return its exit code. What a user can mend is told in one line on stderr."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _terminate)
    code = EXIT_ERROR
    try:
        _check_outputs(options)
        options.run(options)
        return 0
    except (InputError, DeviceError) as error:
        message = str(error)
    except FeederGone as gone:
        message, code = str(gone), EXIT_UNFED
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
        print(f'interrupted{options.after_interrupt}', file=sys.stderr)
        return 128 + interrupt.args[0] if interrupt.args else EXIT_INTERRUPTED
    message = ' '.join(message.split())
    print(f'error: {message}', file=sys.stderr)
    if getattr(options, 'error_file', None):
        Path(options.error_file).write_text(message + '\n', encoding='utf-8')
    return code


def _terminate(number, frame):
    raise KeyboardInterrupt(number)


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong with the arguments in one line, as everything else is told."""

    def error(self, message):
        self.exit(EXIT_ERROR, f'error: {message}; see "{self.prog} --help".\n')


def _parser():
    parser = _Parser(prog='python -m worker', description='The engine of PickerOptimizer.')
    commands = parser.add_subparsers(title='commands', metavar='COMMAND', required=True)

    command = _command(commands, 'finetune', _finetune, 'learn from labelled boxes, write one model file')
    _add_inputs(command)
    command.add_argument('--output', type=Path, required=True, help='model file to write (.safetensors)')
    command.add_argument('--folds', type=_whole(0), default=5, help='of the cross-validation; 0: none (%(default)s)')
    _add_report(command)
    _add_recipe(command)
    _add_common(command)

    command = _command(commands, 'prune', _prune, 'give every pick its class probabilities')
    command.add_argument('--micrographs', type=Path, required=True, help='table mic_id,path,pixel_size')
    command.add_argument('--coordinates', type=Path, required=True, help='table coord_id,mic_id,x,y')
    command.add_argument('--model', type=Path, required=True, help='model file made by finetune; it knows the box')
    command.add_argument('--output', type=Path, required=True, help='table of scores to write')
    command.add_argument('--batch-size', type=_whole(0), default=0,
                         help='boxes at a time; 0: as many as suit the device (%(default)s)')
    command.add_argument('--follow', type=Path, metavar='FEED',
                         help='the tables grow while this file is there and changes, until it says "end"')
    command.add_argument('--patience', type=_whole(1), default=120, metavar='S',
                         help='stop when that file has not changed for so many seconds (%(default)s)')
    _add_report(command)
    command.set_defaults(after_interrupt=': the same command goes on with what is not scored yet')
    _add_common(command, several=True)

    command = _command(commands, 'embed', _embed, 'describe picks by numbers, to suggest which to label')
    command.add_argument('--micrographs', type=Path, required=True, help='table mic_id,path,pixel_size')
    command.add_argument('--coordinates', type=Path, required=True, help='table coord_id,mic_id,x,y')
    _add_box(command)
    command.add_argument('--output', type=Path, required=True, help='file of features to write (.npz)')
    command.add_argument('--most', type=_whole(1), default=3000,
                         help='picks, on whole micrographs from all over the data set (%(default)s)')
    command.add_argument('--batch-size', type=_whole(0), default=0,
                         help='boxes at a time; 0: as many as suit the device (%(default)s)')
    _add_report(command)
    _add_common(command, several=True)

    command = _command(commands, 'evaluate', _evaluate, 'measure a recipe on a fully labelled data set')
    _add_inputs(command)
    command.add_argument('--output', type=Path, required=True, help='results to write (JSON); continued if there')
    command.add_argument('--shots', type=_whole(1), nargs='+', default=[10, 20, 30], help='boxes a class (10 20 30)')
    command.add_argument('--draws', type=_whole(1), default=10, help='random draws for each (%(default)s)')
    command.add_argument('--folds', type=_whole(0), default=0,
                         help='of the cross-validation that calibrates each fit; 0: no calibration (%(default)s)')
    command.add_argument('--split', choices=('micrograph', 'random'), default='micrograph',
                         help='keep micrographs apart, or boxes only, as the paper (%(default)s)')
    command.add_argument('--parallel', type=_whole(0), default=0, metavar='N',
                         help='fits at a time; 0: one for each CPU thread, one on a GPU (%(default)s)')
    command.add_argument('--plot', type=Path, metavar='PNG', help='picture to write: F1 against shots, confusion, '
                                                                  'figures by class')
    _add_recipe(command)
    _add_common(command)

    command = _command(commands, 'categories', _categories, 'collect boxes of many data sets for a pretraining')
    command.add_argument('--output', type=Path, required=True, help='file of categories to write (.safetensors)')
    command.add_argument('--data', type=Path, nargs='+', default=[], metavar='FOLDER',
                         help='data sets: folders with micrographs.csv, labels.csv and box_angstrom.txt')
    command.add_argument('--simulate', type=_whole(0), default=0, metavar='N', help='experiments to simulate')
    command.add_argument('--most', type=_whole(1), default=100, help='boxes of each category (%(default)s)')
    _add_job(command)

    command = _command(commands, 'pretrain', _pretrain, 'train the feature extractor on categories')
    command.add_argument('--categories', type=Path, nargs='+', required=True, help='files made by categories')
    command.add_argument('--leave-out', nargs='+', default=[], metavar='NAME', help='data sets that it must not see')
    command.add_argument('--output', type=Path, required=True, help='weights to write (.safetensors)')
    command.add_argument('--init', default='imagenet', help='as of finetune (%(default)s)')
    command.add_argument('--architecture', choices=('resnet18', 'resnet34', 'resnet50'), default='resnet18')
    command.add_argument('--recipe', choices=('default', 'paper'), default='default', help='(%(default)s)')
    command.add_argument('--epochs', type=_whole(1), help='(12; paper: 200)')
    command.add_argument('--learning-rate', type=_positive, help='(0.02; paper: 0.1)')
    command.add_argument('--batch-size', type=_whole(2), help='(128; paper: 256)')
    _add_report(command)
    _add_common(command)

    command = _command(commands, 'simulate', _simulate, 'make micrographs with picks whose true class is known')
    command.add_argument('--output', type=Path, required=True, help='folder to write')
    command.add_argument('--micrographs', type=_whole(1), default=10, help='how many (%(default)s)')
    command.add_argument('--size', type=_whole(64), default=1024, help='of a micrograph in px (%(default)s)')
    command.add_argument('--pixel-size', type=_positive, help='Å/px (default: drawn with the seed)')
    command.add_argument('--box-angstrom', type=_positive, help='Å (default: drawn with the seed)')
    command.add_argument('--seed', type=_whole(0), default=0, help='(%(default)s)')

    _command(commands, 'check', _check, 'tell whether every package that the worker needs is installed')
    return parser


def _command(commands, name, run, text):
    command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + '.')
    command.set_defaults(run=run, after_interrupt='')
    return command


def _check_outputs(options):
    """An output goes to a folder that is there, and never in the place of an input; `simulate` makes its own folder."""
    if options.run is _simulate:
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


def _add_inputs(command):
    command.add_argument('--micrographs', type=Path, required=True, help='table mic_id,path,pixel_size')
    command.add_argument('--labels', type=Path, required=True, help='table coord_id,mic_id,x,y,label')
    _add_box(command)


def _add_box(command):
    box = command.add_mutually_exclusive_group(required=True)
    box.add_argument('--box', type=_positive, help='box width in px, where all micrographs have one pixel size')
    box.add_argument('--box-angstrom', type=_positive, help='box width in Å')


def _add_recipe(command):
    command.add_argument('--recipe', choices=('default', 'paper'), default='default',
                         help='default: frozen features and a linear classifier; paper: the published fine-tuning')
    command.add_argument('--init', default='default',
                         help='initial weights: default (shipped), imagenet, scratch, or a .safetensors file')
    command.add_argument('--architecture', choices=('resnet18', 'resnet34', 'resnet50'), default='resnet18')
    command.add_argument('--input-size', type=int, choices=range(32, 257, 16), default=64, metavar='PX',
                         help='width of a box in the network, a multiple of 16 from 32 to 256 (%(default)s)')
    paper = command.add_argument_group('only for --recipe paper')
    paper.add_argument('--epochs', type=_whole(1), default=30, help='(%(default)s)')
    paper.add_argument('--learning-rate', type=_positive, default=0.01, help='(%(default)s)')
    paper.add_argument('--batch-size', type=_whole(2), default=24, help='boxes at a time (%(default)s)')
    paper.add_argument('--loss-weights', type=_positive, nargs='+', default=(0.5, 0.5), metavar='W',
                       help='one weight a branch, one to three of them (0.5 0.5)')


def _add_report(command):
    command.add_argument('--report', type=Path, help='JSON file to write, with the figures of the run')


def _add_common(command, several=False):
    more = ', or several with commas; auto: all visible GPUs, or the CPU' if several else ''
    command.add_argument('--device', default='auto', help=f'auto, cpu, cuda or cuda:N{more} (%(default)s)')
    _add_job(command)


def _add_job(command):
    command.add_argument('--threads', type=_whole(0), default=0, help='CPU threads; 0: all (%(default)s)')
    command.add_argument('--seed', type=_whole(0), default=0, help='(%(default)s)')
    command.add_argument('--error-file', type=Path, help='where to repeat the line that tells what went wrong')


def _finetune(options):
    micrographs = tables.read_micrographs(options.micrographs)
    labels = tables.read_labels(options.labels)
    box_angstrom = _box_angstrom(options, micrographs)
    from .finetune import finetune
    recipe = _recipe(options)
    report = finetune(micrographs, labels, box_angstrom, options.output, recipe, options.architecture,
                      options.input_size, options.folds, options.seed, _log)
    _write_report(options, report)


def _prune(options):
    from .groups import WholeTables
    if options.follow:
        from .following import Feed, FollowedTables
        source = FollowedTables(options.micrographs, options.coordinates, Feed(options.follow, options.patience),
                                _log)
        inputs = (options.model,)
    else:
        source = WholeTables(options.micrographs, options.coordinates)
        inputs = (options.model, options.micrographs, options.coordinates)
    from .modelfile import load_model
    from .prediction import prune
    from .scores import GrowingScores
    recogniser, header = load_model(options.model)
    report = prune(source, recogniser, header, GrowingScores(options.output, inputs, _log), _devices(options),
                   options.batch_size, _log)
    _log(f'scored {report["scored"]} of {report["boxes"]} picks at {report["boxes_per_second"]:.0f} boxes/s; '
         f'{report["outside"]} outside their micrograph, {report["unreadable"]} on unreadable micrographs')
    _write_report(options, report)


def _embed(options):
    from .groups import WholeTables
    source = WholeTables(options.micrographs, options.coordinates)
    box_angstrom = _box_angstrom(options, source.micrographs)
    from .embedding import embed
    from .initial import initial_extractor
    report = embed(source, box_angstrom, options.output, initial_extractor('default'), _devices(options),
                   options.most, options.batch_size, _log)
    _log(f'described {report["boxes"]} picks in {report["seconds"]:.1f} s; {len(report["failed_micrographs"])} '
         f'micrographs left out')
    _write_report(options, report)


def _evaluate(options):
    micrographs = tables.read_micrographs(options.micrographs)
    labels = tables.read_labels(options.labels)
    box_angstrom = _box_angstrom(options, micrographs)
    import torch

    from .evaluation import evaluate, markdown
    from .samples import collect_samples
    recipe = _recipe(options)
    samples = collect_samples(micrographs, labels, box_angstrom, options.input_size, recipe.fields, recipe.margin)
    parallel = options.parallel or (torch.get_num_threads() if recipe.device.torch_device.type == 'cpu' else 1)
    report = evaluate(samples, recipe, options.shots, options.draws, options.split, options.folds,
                      options.seed, options.output, _log, parallel)
    _log(markdown(report['summary']))
    if options.plot:
        from .plots import save_sheet
        save_sheet(options.plot, {recipe.name: report})


def _categories(options):
    if not options.data and not options.simulate:
        raise InputError('nothing to collect: name data sets with --data, or simulate some with --simulate.')
    from . import categories
    parts = [categories.from_folders(options.data, options.most, options.seed)] if options.data else []
    if options.simulate:
        parts.append(categories.simulated(options.simulate, options.most, options.seed, _log, options.threads))
    joined = categories.join(parts)
    categories.write_categories(options.output, joined)
    _log(f'{options.output}: {joined.summary()}')


def _pretrain(options):
    from dataclasses import asdict, replace

    from .categories import join, read_categories
    from .device import choose_device
    from .initial import initial_extractor, save_extractor
    from .pretraining import RECIPES, pretrain
    given = {key: value for key in ('epochs', 'learning_rate', 'batch_size')
             if (value := getattr(options, key)) is not None}
    recipe = replace(RECIPES[options.recipe], **given)
    device = choose_device(options.device, options.threads)
    _log(f'device: {device.name}')
    joined = join([read_categories(path) for path in options.categories]).without(options.leave_out)
    _log(f'pretraining on {joined.summary()}')
    extractor = initial_extractor(options.init, options.architecture)
    facts = {'init': options.init, 'recipe': options.recipe, **asdict(recipe), 'seed': options.seed,
             'device': device.name, 'data_sets': joined.counts(), 'left_out': options.leave_out}
    save_extractor(options.output, pretrain(joined, extractor, recipe, device, options.seed, _log,
                                            lambda curve: _write_report(options, {**facts, **curve})))


def _simulate(options):
    from .simulation.dataset import simulate
    simulate(options.output, options.micrographs, options.size, options.pixel_size, options.box_angstrom,
             seed=options.seed, progress=lambda done, total: _log(f'{done} of {total} micrographs'))
    box = (options.output / 'box_angstrom.txt').read_text(encoding='utf-8').strip()
    _log(f'{options.output}: micrographs.csv, coordinates.csv and their truth, labels.csv; the boxes are {box} Å wide '
         f'(--box-angstrom {box})')


def _check(options):
    from .requirements import missing_packages
    missing = missing_packages()
    if missing:
        raise InputError(f'this Python lacks {", ".join(missing)}.')
    _log('the worker environment is complete')


def _devices(options):
    from .device import choose_devices
    devices = choose_devices(options.device, options.threads)
    for device in devices:
        _log(f'device: {device.name}')
    return devices


def _recipe(options):
    from .device import choose_device
    from .initial import initial_extractor
    from .recipes import DefaultRecipe, PaperRecipe
    if len(options.loss_weights) > 3:
        raise InputError(f'--loss-weights: one to three branches, not {len(options.loss_weights)}.')
    device = choose_device(options.device, options.threads)
    _log(f'device: {device.name}')
    extractor = initial_extractor(options.init, options.architecture)
    if options.recipe == 'default':
        return DefaultRecipe(extractor, device)
    return PaperRecipe(extractor, device, options.epochs, options.learning_rate, options.batch_size,
                       tuple(options.loss_weights), options.input_size)


def _box_angstrom(options, micrographs):
    if options.box_angstrom:
        return options.box_angstrom
    pixel_sizes = {row.pixel_size for row in micrographs.values()}
    if len(pixel_sizes) > 1:
        raise InputError(f'--box: the micrographs have pixel sizes from {min(pixel_sizes):g} to '
                         f'{max(pixel_sizes):g} Å/px; give the box in Å with --box-angstrom.')
    return options.box * pixel_sizes.pop()


def _write_report(options, report):
    if options.report:
        with replacing(options.report, encoding='utf-8') as stream:
            stream.write(json.dumps(report, indent=1) + '\n')


def _log(line):
    print(line, flush=True)


def _whole(least):
    def parse(text):
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f'{value} is less than {least}')
        return value
    parse.__name__ = 'whole number'
    return parse


def _positive(text):
    value = float(text)
    if not 0 < value < float('inf'):
        raise argparse.ArgumentTypeError(f'{text} is no positive number')
    return value
