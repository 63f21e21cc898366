"""A display for programs that open windows, where there is none. Standard library only."""
import os
import shutil
import subprocess
from contextlib import contextmanager


@contextmanager
def display():
    """Lend DISPLAY an Xvfb while this lasts, if there is no display and there is an Xvfb."""
    if os.environ.get('DISPLAY') or not shutil.which('Xvfb'):
        yield
        return
    number, of_server = os.pipe()
    server = subprocess.Popen(['Xvfb', '-displayfd', str(of_server), '-screen', '0', '1600x1000x24'],
                              pass_fds=(of_server,), stderr=subprocess.DEVNULL)
    os.close(of_server)
    try:
        with os.fdopen(number) as stream:
            name = stream.readline().strip()      # comes once the server takes clients
        if name:
            os.environ['DISPLAY'] = f':{name}'
        yield
    finally:
        server.terminate()
        server.wait()
