"""Writes what a picker picked on a data set, as the other benchmarks read it."""
import json

from worker.exchange import tables

COLUMNS = (*tables.COORDINATE_COLUMNS, 'score')


def write_picks(path, data, rows):
    """Write coord_id,mic_id,x,y,score of `rows` (mic_id, x, y, score) in px; return how many there are.

    Where the data set has regions.json, picks that are centred beyond the valid area of their micrograph, on its
    padding, are left out: nobody picks on padding who has the micrographs as recorded.
    """
    regions = data / 'regions.json'
    valid = {int(m): r['valid_xyxy'] for m, r in json.loads(regions.read_text()).items()} if regions.exists() else {}
    kept = [row for row in rows if row[0] not in valid or within(valid[row[0]], *row[1:3])]
    tables.write_rows(path, COLUMNS, [(number, *row) for number, row in enumerate(kept, start=1)])
    return len(kept)


def within(area, x, y):
    left, top, right, bottom = area
    return left <= x <= right and top <= y <= bottom
