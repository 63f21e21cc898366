"""What the RELION benchmarks share: a folder in which RELION's programs find micrographs, and how they are called."""
import shutil
import subprocess
import sys
from pathlib import Path

from star import write_tables
from worker.exchange.errors import InputError

OPTICS = ('rlnOpticsGroup', 'rlnOpticsGroupName', 'rlnVoltage', 'rlnSphericalAberration', 'rlnAmplitudeContrast',
          'rlnMicrographPixelSize')
MICROSCOPE = (300, 2.7, 0.1)     # kV, mm, share: nothing here uses the CTF, RELION only wants numbers
MICROGRAPHS = 'micrographs.star'


def link_micrographs(work, micrographs):
    """Make `work` and in it micrographs.star and links micrographs/ID.mrc: a STAR file has no spaces in its names."""
    sizes = {row.pixel_size for row in micrographs.values()}
    if len(sizes) > 1:
        raise InputError('the micrographs have several pixel sizes; these benchmarks take one.')
    (work / 'micrographs').mkdir(parents=True, exist_ok=True)
    for mic_id, row in micrographs.items():
        link = work / micrograph_name(mic_id)
        if not link.exists():
            link.symlink_to(row.path.resolve())
    write_tables(work / MICROGRAPHS, {
        'optics': (OPTICS, [(1, 'one', *MICROSCOPE, sizes.pop())]),
        'micrographs': (('rlnMicrographName', 'rlnOpticsGroup'), [(micrograph_name(m), 1) for m in micrographs])})


def micrograph_name(mic_id):
    return f'micrographs/{mic_id:06d}.mrc'


def micrograph_id(name):
    """The id in the name of a link, or of a stack that was cut out of it."""
    return int(Path(name).stem)


def relion(work, program, *arguments):
    """Run a program of RELION in `work`, at low priority; its output goes to `work`/PROGRAM.log."""
    if not shutil.which(program):
        raise InputError(f'{program} is not there; install RELION (Debian: apt-get install relion).')
    command = ['nice', '-n', '10', program, *map(str, arguments)]
    print(' '.join(command[3:]), file=sys.stderr)
    with open(work / f'{program}.log', 'a') as log:
        if subprocess.run(command, cwd=work, stdout=log, stderr=subprocess.STDOUT, check=False).returncode:
            raise InputError(f'{program} failed; see {log.name}.')
