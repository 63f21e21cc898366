"""Tables: whole, checked, and with any text in a path."""
import pytest
from worker.exchange import tables
from worker.exchange.errors import InputError


def _write(path, text):
    path.write_text(text, encoding='utf-8')
    return path


def test_any_path_survives(tmp_path):
    name = 'a, "b" $HOME %d\nü.mrc'
    tables.write_rows(tmp_path / 'm.csv', tables.MICROGRAPH_COLUMNS, [(3, name, 1.5)])
    assert tables.read_micrographs(tmp_path / 'm.csv') == {
        3: tables.MicrographRow(3, tmp_path / name, 1.5)}


def test_slices_of_stacks_and_files_that_are_called_so(tmp_path):
    """A relative path is relative to the table; what is there under the whole name is that file."""
    (tmp_path / '3@there.mrc').touch()
    paths = ['2@s.mrc', f'000004@{tmp_path}/s.mrc', '3@there.mrc', 'sub/5@s.mrc', '@s.mrc', 'x@s.mrc', '7@8@s.mrc']
    tables.write_rows(tmp_path / 'm.csv', tables.MICROGRAPH_COLUMNS, [(i, path, 1) for i, path in enumerate(paths)])
    found = [str(row.path) for row in tables.read_micrographs(tmp_path / 'm.csv').values()]
    assert found == [f'2@{tmp_path}/s.mrc', f'4@{tmp_path}/s.mrc', f'{tmp_path}/3@there.mrc',
                     f'{tmp_path}/sub/5@s.mrc', f'{tmp_path}/@s.mrc', f'{tmp_path}/x@s.mrc', f'7@{tmp_path}/8@s.mrc']


def test_further_columns_are_ignored_and_coord_id_of_a_label_may_be_empty(tmp_path):
    path = _write(tmp_path / 'l.csv', 'coord_id,mic_id,x,y,label,kind\n,1,2.5,3,ice,a\n7,1,2,3,particle,b\n')
    assert tables.read_labels(path) == [tables.CoordinateRow(None, 1, 2.5, 3.0, 'ice'),
                                        tables.CoordinateRow(7, 1, 2.0, 3.0, 'particle')]


def test_labels_may_say_that_they_were_drawn_at_random(tmp_path):
    labels = [tables.CoordinateRow(None, 1, 2.5, 3.0, 'ice'),
              tables.CoordinateRow(7, 1, 2.0, 3.0, 'particle', random=True)]
    tables.write_labels(tmp_path / 'l.csv', labels)
    assert tables.read_labels(tmp_path / 'l.csv') == labels
    path = _write(tmp_path / 'other.csv', 'random,coord_id,mic_id,x,y,label\n,,1,2.5,3,ice\n1,7,1,2,3,particle\n')
    assert tables.read_labels(path) == labels


def test_a_table_from_a_spreadsheet(tmp_path):
    path = _write(tmp_path / 'l.csv', '\ufeffcoord_id,mic_id,x,y,label\r\n7,1,2,3,particle\r\n')
    assert tables.read_labels(path) == [tables.CoordinateRow(7, 1, 2.0, 3.0, 'particle')]


@pytest.mark.parametrize('text, says', [
    ('', 'no column coord_id'), ('coord_id,mic_id,x\n', 'no column y, label'),
    ('coord_id,mic_id,x,y,label\n1,1,2\n', 'fewer values'),
    ('coord_id,mic_id,x,y,label\n1,1,2,5,3,5,ice\n', 'line 2: more values'),      # decimal commas
    ('coord_id,mic_id,x,y,label\n1,1,nan,2,ice\n', 'x "nan" is no finite number'),
    ('coord_id,mic_id,x,y,label\n1,1,2,inf,ice\n', 'y "inf"'),
    ('coord_id,mic_id,x,y,label\n1,one,2,2,ice\n', 'mic_id "one" is no whole number'),
    ('coord_id,mic_id,x,y,label\n1,1,2,2,ice/dirt\n', 'line 2: "ice/dirt" is no name of a class'),
    ('coord_id,mic_id,x,y,label,random\n1,1,2,2,ice,yes\n', 'line 2: random "yes" is neither 1 nor 0'),
    ('coord_id,mic_id,x,y,label\n1,1,2,2,ice\n1,1,3,3,ice\n', 'coordinate id 1 appears twice')])
def test_bad_labels(tmp_path, text, says):
    with pytest.raises(InputError, match=says):
        tables.read_labels(_write(tmp_path / 'l.csv', text))


@pytest.mark.parametrize('rows, says', [
    ('1,a.mrc,0\n', 'pixel size of micrograph 1 is 0'), ('1,a.mrc,-2\n', 'must be positive'),
    ('1,a.mrc,\n', 'pixel_size "" is no finite number'), ('1,,1\n', 'path of micrograph 1 is empty'),
    ('1,a.mrc,1\n1,b.mrc,1\n', 'id 1 appears twice'), ('', 'no micrographs')])
def test_bad_micrographs(tmp_path, rows, says):
    with pytest.raises(InputError, match=says):
        tables.read_micrographs(_write(tmp_path / 'm.csv', 'mic_id,path,pixel_size\n' + rows))


def test_no_file_and_no_text(tmp_path):
    with pytest.raises(InputError, match='no such file'):
        tables.read_coordinates(tmp_path / 'c.csv')
    (tmp_path / 'c.csv').write_bytes(b'coord_id,mic_id,x,y\n1,1,\xff,2\n')
    with pytest.raises(InputError, match='cannot be read as a table'):
        tables.read_coordinates(tmp_path / 'c.csv')
