"""Tables of STAR files as RELION 3.1 writes them: blocks `data_NAME`, each one loop of columns, no quoted values."""
from worker.exchange.errors import InputError
from worker.exchange.files import replacing

VERSION = '# version 30001'      # what RELION 3.1 looks for, or it takes the file for one of 3.0


def read_table(path, block=''):
    """The rows of a block as dicts {column without the underscore: text}. Raises InputError if it is not there."""
    columns, rows, inside = [], [], False
    for line in path.read_text().splitlines():
        words = line.split()
        if not words or words[0].startswith('#') or words[0] == 'loop_':
            continue
        if words[0].startswith('data_'):
            inside = words[0] == f'data_{block}'
        elif inside and words[0].startswith('_'):
            columns.append(words[0][1:])
        elif inside and len(words) == len(columns):
            rows.append(dict(zip(columns, words)))
        elif inside:
            raise InputError(f'{path}: a row of {len(words)} values in a table of {len(columns)} columns.')
    if not columns:
        raise InputError(f'{path}: no table data_{block}.')
    return rows


def write_tables(path, blocks):
    """Write {block: (columns, rows)}; no value may hold a space."""
    with replacing(path) as stream:
        for block, (columns, rows) in blocks.items():
            stream.write(f'\n{VERSION}\n\ndata_{block}\n\nloop_\n')
            stream.writelines(f'_{column} #{number}\n' for number, column in enumerate(columns, start=1))
            stream.writelines(' '.join(map(str, row)) + '\n' for row in rows)
