"""The paper's Tables 2 to 4 on CryoPPP, on CASSPER's label maps, or on both; goes on where it was stopped.

    PYTHONPATH=pickeroptimizer python benchmarks/cryoppp.py --cryoppp FOLDER ... --work FOLDER [--maps FOLDER ...]
        [--tables 2 3 4] [--shots 10 20 30] [--draws 10] [--split random] [--imagenet FILE] [--pretrain-epochs 200]

--cryoppp: folders of EMPIAR entries as published (cryoppp_folder.py), or folders that hold several; any number.
--maps: CASSPER's folders of label maps by EMPIAR entry (label_maps.py). Each entry becomes a data set
WORK/data/EMPIAR-ID of at most --most boxes a class, drawn at random; then paper_tables.py prints the tables.

Junk is the class `other`, CryoPPP's false positives, which do not tell ice from film; where an entry has maps, it is
the `ice` and `carbon` of the maps, and the micrographs without one are left out. Particles are CryoPPP's; those of the
maps, where it has none. Boxes are --box-factor diameters wide; what CASSPER paints of a particle is less than its
diameter, which --diameter tells.

Positions of CryoPPP count rows from the bottom of the file (seen on EMPIAR-10017). An entry is looked at both ways up:
the way in which its particles stand out is used, and told. --rows says it instead. What cannot be used (a table
without its columns, a missing file, an image that cannot be read, positions off the image) is told in one line each,
and its boxes are replaced by others.
"""
import argparse
import json
import struct
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from cryoppp_folder import entries, read_entry
from label_maps import junk_boxes, maps_of, particles, read_map
from paper_tables import MOST, add_arguments, print_tables
from worker.boxes.contrast import contrast
from worker.boxes.labelled import crop_labels
from worker.exchange.classes import PARTICLE
from worker.exchange.errors import InputError
from worker.exchange.files import replacing
from worker.exchange.micrograph_reader import MRC_SUFFIXES, read_micrograph, read_size
from worker.exchange.tables import LABEL_COLUMNS, MICROGRAPH_COLUMNS, CoordinateRow, MicrographRow, write_rows

OTHER = 'other'
TOP, BOTTOM = 'top', 'bottom'
PLAUSIBLE = (0.2, 10.0)      # Å/px; headers hold 0 or 1 where nobody knew, and so does the second
UNKNOWN_SIZE = 1.0
HEADER = struct.Struct('<28xi8xf')      # of MRC: cells across, and their width in Å
LOOKED_AT = (6, 40)          # micrographs, and particles on each, that show which way up they are
CLEARLY = 4                  # standard errors between the two ways
STATEMENT = 'made-of.json'


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--cryoppp', type=Path, nargs='+', required=True, metavar='FOLDER')
    parser.add_argument('--maps', type=Path, nargs='+', default=[], metavar='FOLDER')
    parser.add_argument('--most', type=int, default=MOST, help='boxes of each class (%(default)s, as the paper)')
    parser.add_argument('--box-factor', type=float, default=1.5, help='box, in diameters (%(default)s)')
    parser.add_argument('--diameter', type=diameter_of, nargs='+', default=[], metavar='ID=PX',
                        help='of the particles of an entry, in the place of what is told or measured')
    parser.add_argument('--rows', choices=(TOP, BOTTOM), help='from where CryoPPP counts (default: looked at)')
    parser.add_argument('--seed', type=int, default=0)
    add_arguments(parser)
    options = parser.parse_args(arguments)
    data = []
    for folder in [entry for given in options.cryoppp for entry in entries(given)]:
        try:
            data.append(converted(folder, options))
        except InputError as error:
            tell(f'left out: {error}')
    if not data:
        raise InputError('no data set is left; what is wrong with each is told above.')
    if len({folder.name for folder in data}) < len(data):
        raise InputError('two folders are of the same EMPIAR entry: name it once.')
    print_tables(data, options)


def diameter_of(text):
    """(EMPIAR-ID, px) of an argument such as 10017=108."""
    name, px = text.split('=')
    if not 0 < float(px) < float('inf'):
        raise ValueError
    return name, float(px)


def tell(line):
    """Progress and warnings go beside the tables."""
    print(line, file=sys.stderr, flush=True)


def converted(folder, options):
    """Make the data set of an entry in the work folder, if it is not there yet; return its folder.

    Raises InputError where particles or junk are missing, or where it cannot be seen which way up the positions are.
    """
    name = folder.resolve().name
    target = options.work / 'data' / f'EMPIAR-{name}'
    asked = {'folder': str(folder.resolve()), 'maps': [str(path.resolve()) for path in options.maps],
             'most': options.most, 'box_factor': options.box_factor, 'rows': options.rows, 'seed': options.seed,
             'diameter': dict(options.diameter).get(name)}
    statement = target / STATEMENT
    if statement.exists():
        if json.loads(statement.read_text(encoding='utf-8')) != asked:
            raise InputError(f'{target}: was made with other arguments; take another --work, or remove it.')
        return target
    maps = maps_of(options.maps, name)
    micrographs, boxes, diameter = gathered(folder, maps, options.rows)
    box = options.box_factor * (asked['diameter'] or diameter)
    chosen = readable_sample(micrographs, boxes(box), options.most, np.random.default_rng(options.seed))
    counts = Counter(row.label for row in chosen)
    if counts[PARTICLE] == 0 or len(counts) < 2:
        raise InputError(f'{folder}: no {"junk" if counts[PARTICLE] else "particles"} in it: {dict(counts)}.')
    size = micrographs[chosen[0].mic_id].pixel_size
    target.mkdir(parents=True, exist_ok=True)
    write_rows(target / 'micrographs.csv', MICROGRAPH_COLUMNS,
               [(row.mic_id, row.path.resolve(), size) for row in micrographs.values()])
    write_rows(target / 'labels.csv', LABEL_COLUMNS, [(number, row.mic_id, row.x, row.y, row.label)
                                                      for number, row in enumerate(chosen, start=1)])
    (target / 'box_angstrom.txt').write_text(f'{box * size:g}\n', encoding='utf-8')
    with replacing(statement, encoding='utf-8') as stream:
        json.dump(asked, stream)
    tell(f'{name}: box {box:.0f} px, {size:g} Å/px, {", ".join(f"{n} {label}" for label, n in counts.items())}')
    return target


def gathered(folder, maps, rows):
    """(micrographs by id, function of the box in px that gives all labelled boxes, diameter in px) of an entry."""
    published = read_entry(folder, tell)
    micrographs, shapes, labels = {}, {}, defaultdict(list)
    for number, one in enumerate(published, start=1):
        if (maps and one.path.stem not in maps) or not (maps or one.particles or one.junk):
            continue
        try:
            shapes[number] = read_size(one.path)
            if maps:
                labels[number] = read_map(maps[one.path.stem], shapes[number])
            micrographs[number] = MicrographRow(number, one.path, pixel_size(one.path))
        except InputError as error:
            tell(str(error))
    if not micrographs:
        raise InputError(f'{folder}: none of {len(published)} micrographs has {"a map" if maps else "positions"}.')
    skipped = len(published) - len(micrographs)
    if skipped:
        tell(f'{folder}: {skipped} of {len(published)} micrographs are left out: nothing that can be used tells of '
             f'them.')
    by_id = {number: published[number - 1] for number in micrographs}
    diameters = [p.diameter for one in by_id.values() for p in one.particles if p.diameter]
    marked = [CoordinateRow(None, number, p.x, p.y, PARTICLE) for number, one in by_id.items() for p in one.particles]
    other = [CoordinateRow(None, number, p.x, p.y, OTHER) for number, one in by_id.items() for p in one.junk]
    if not marked and maps:
        found = [(number, *place) for number, known in labels.items() for place in particles(known)]
        marked = [CoordinateRow(None, number, x, y, PARTICLE) for number, x, y, _ in found]
        diameters, rows = [place[3] for place in found], TOP
        tell(f'{folder}: no positions of CryoPPP; {len(marked)} particles of the maps that stand alone.')
    if not marked or not diameters:
        raise InputError(f'{folder}: no {"diameters" if marked else "particles"} are told.')
    diameter = float(np.median(diameters))
    if maps and other:
        tell(f'{folder}: junk is the ice and film of {len(maps)} maps; {len(other)} false positives of CryoPPP, which '
             f'do not tell which, are not used.')
        other = []
    way = rows or frame(folder, micrographs, shapes, marked, 1.5 * diameter)
    placed = on_image(folder, turned(marked + other, shapes, way), shapes)

    def boxes(box):
        return placed + [CoordinateRow(None, number, *place) for number, known in labels.items()
                         for place in junk_boxes(known, box)]
    return micrographs, boxes, diameter


def pixel_size(path):
    """Å/px of a micrograph by its header, where that is plausible. Nothing here depends on it: boxes are px."""
    if path.suffix.lower() in MRC_SUFFIXES:
        with open(path, 'rb') as stream:
            header = stream.read(HEADER.size)
        cells, width = HEADER.unpack(header) if len(header) == HEADER.size else (0, 0)
        if cells > 0 and PLAUSIBLE[0] <= width / cells <= PLAUSIBLE[1]:
            return width / cells
    return UNKNOWN_SIZE


def turned(rows, shapes, way):
    """Positions with rows from the top."""
    if way == TOP:
        return rows
    return [CoordinateRow(None, row.mic_id, row.x, shapes[row.mic_id][0] - 1 - row.y, row.label) for row in rows]


def on_image(folder, rows, shapes):
    """Positions that lie on their micrographs; those of others are told, a line each micrograph."""
    off = Counter(row.mic_id for row in rows if not within(row, shapes))
    if off:
        number = next(iter(off))
        tell(f'{folder}: {sum(off.values())} positions on {len(off)} micrographs lie off the image, which is '
             f'{shapes[number][1]} x {shapes[number][0]} px on the first; they are left out. Are the images smaller '
             f'than those that were looked at?')
    return [row for row in rows if within(row, shapes)]


def within(row, shapes):
    height, width = shapes[row.mic_id]
    return 0 <= row.x <= width - 1 and 0 <= row.y <= height - 1


def frame(folder, micrographs, shapes, marked, box):
    """From where rows are counted: that way particles differ more from what is around them. Raises InputError."""
    by_micrograph = defaultdict(list)
    for row in marked:
        by_micrograph[row.mic_id].append(row)
    fullest = sorted(by_micrograph.values(), key=len, reverse=True)[:LOOKED_AT[0]]
    seen = [row for rows in fullest for row in rows[::max(1, len(rows) // LOOKED_AT[1])]]
    square = {number: MicrographRow(number, row.path, UNKNOWN_SIZE) for number, row in micrographs.items()}
    means, errors = {}, {}
    for way in (TOP, BOTTOM):
        cut = crop_labels(square, turned(seen, shapes, way), box, 64, (1.0,))
        values = contrast(cut.pixels[:, 0]).numpy()
        means[way], errors[way] = abs(values.mean()), values.std() / len(values) ** 0.5
    best, other = sorted(means, key=means.get, reverse=True)
    apart = (means[best] - means[other]) / max(float(np.hypot(*errors.values())), 1e-9)
    if apart < CLEARLY:
        raise InputError(f'{folder}: it cannot be seen whether rows are counted from the top or the bottom (contrast '
                         f'{means[TOP]:.2f} and {means[BOTTOM]:.2f}); say it with --rows.')
    tell(f'{folder}: rows are counted from the {best} (contrast {means[best]:.2f}, the other way {means[other]:.2f})')
    return best


def readable_sample(micrographs, rows, most, rng):
    """At most `most` rows of each class, at random, on micrographs that can be read; the others are told."""
    unreadable, read = set(), set()
    order = [rows[i] for i in rng.permutation(len(rows))]
    while True:
        chosen, counts = [], Counter()
        for row in order:
            if row.mic_id not in unreadable and counts[row.label] < most:
                counts[row.label] += 1
                chosen.append(row)
        unseen = sorted({row.mic_id for row in chosen} - read)
        if not unseen:
            return chosen
        for number in unseen:
            read.add(number)
            try:
                read_micrograph(micrographs[number].path)
            except InputError as error:
                tell(str(error))
                unreadable.add(number)


if __name__ == '__main__':
    try:
        main()
    except InputError as wrong:
        sys.exit(f'error: {wrong}')
