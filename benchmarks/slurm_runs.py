"""The plugin's runs in a SLURM queue, as Scipion submits them: a Markdown table. Called by slurm.sh.

    scipion3 python benchmarks/slurm_runs.py FOLDER HOSTS

HOSTS is Scipion's file of hosts, with the queue.

Fine-tune, prune of picks that still come, evaluate and pretrain run as jobs. Of further prunes one has all its
processes killed, one is stopped as in Scipion's window (scancel), one runs into its time limit, and each is continued;
then three go at once on two nodes, and one is shared by two jobs, of which one is cancelled. Outputs are compared with
those of a run without a queue, or by one job: ids, order, attributes to the last bit. Ends with exit code 1 if they
differ, or if another run has not finished.
"""
import csv
import glob
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pyworkflow
from facility import Facility
from killing import contents, processes, waitFor
from laboratory import update

MICROGRAPHS, SIDE = 12, 1024
LONGEST_S = 900
PACE_S, SLOW_S = 1, 10      # between two micrographs of a picker; so slowly that the limit of a minute is reached
AROUND = 4      # picks for each that there is


class Table:
    """Prints a row for each run, and remembers whether all were as they should be."""

    def __init__(self):
        self.isGood = True
        print('| run | what happened to its job | how the run ended | outputs |\n|---|---|---|---|', flush=True)

    def add(self, name, what, run, expected=None):
        """expected: contents of the outputs, None where there is nothing to compare with."""
        same = expected is None or (run.isFinished() and contents(run) == expected)
        self.isGood &= run.isFinished() and same
        outputs = '' if expected is None else 'the same' if same else 'DIFFERENT'
        print(f'| {name} | {what} | {run.getStatus()} {run.getErrorMessage() or ""} | {outputs} |', flush=True)


class Queue:
    """Submits runs of a Lab, and looks what becomes of them."""

    def __init__(self, lab, hosts):
        """hosts: Scipion's file of them."""
        self._project = lab.project
        os.environ['SCIPION_HOSTS'] = hosts      # for the jobs, and for this process
        pyworkflow.Config.SCIPION_HOSTS = hosts
        self._project._loadHosts(None)

    def submit(self, run, minutes=60, forJobs='N'):
        """Launch or continue a run; returns it when its job is in the queue.

        forJobs: Y where the run itself goes on here and its worker's jobs are in the queue.
        """
        run._useQueue.set(True)
        run.setQueueParams(('main', {'JOB_MINUTES': str(minutes), 'QUEUE_FOR_JOBS': forJobs}))
        self._project.launchProtocol(run)
        return run

    def ended(self, run):
        """Wait until the job of a run has left the queue; returns the run, whose state is that which Scipion sees."""
        waitFor(lambda: self.state(run) not in ('PENDING', 'CONFIGURING', 'RUNNING', 'COMPLETING'), LONGEST_S)
        update(self._project, run)
        return run

    def over(self, run):
        """Wait until a run that goes on here has ended; returns it."""
        waitFor(lambda: processes(run)[0])
        waitFor(lambda: processes(run)[0] is None, LONGEST_S)
        update(self._project, run)
        return run

    def state(self, run):
        """The state of a run's job, as SLURM has it."""
        job = run.getJobIds()[0]
        told = subprocess.run(['scontrol', 'show', 'job', str(job)], capture_output=True, text=True, check=True).stdout
        return re.search(r'JobState=(\S+)', told)[1]


def main():
    facility = Facility(sys.argv[1], None, MICROGRAPHS, SIDE)
    lab, table = facility.project, Table()
    queue, picks = Queue(lab, sys.argv[2]), facility.picks('picks')
    labels = written(facility, Path(sys.argv[1], 'labels.csv'))
    model = queue.ended(queue.submit(lab.new(
        'ProtPickerOptimizerTrain', labelSource=1, labelsFile=str(labels), shots=10, numberOfThreads=2,
        inputCoordinates=(picks, 'outputCoordinates'))))
    table.add('fine-tune', queue.state(model), model)
    undisturbed = contents(lab.finished(lab.prune(picks, model), separately=True))

    run, picking = live(facility, queue, model, PACE_S)
    picking.join()
    table.add('prune, of picks that still come', queue.state(queue.ended(run)), run, undisturbed)

    for what, disturb in (('kill -9 of its processes', kill), ('stopped in Scipion', lab.project.stopProtocol)):
        run = queue.submit(lab.prune(picks, model))
        waitFor(lambda run=run: processes(run)[1])
        disturb(run)
        how = queue.state(queue.ended(run))
        if not run.isFinished():
            queue.ended(queue.submit(run))
        table.add('prune', f'{what}: {how}; continued: {queue.state(run)}', run, undisturbed)

    run, picking = live(facility, queue, model, SLOW_S, minutes=1)
    how = queue.state(queue.ended(run))
    picking.join()
    if not run.isFinished():
        queue.ended(queue.submit(run))
    table.add('prune, of picks that still come', f'its limit of a minute: {how}; continued: {queue.state(run)}', run,
              undisturbed)

    start = time.monotonic()
    runs = [queue.submit(lab.prune(picks, model)) for _ in range(3)]
    for run in runs:
        queue.ended(run)
    for run in runs:
        table.add('prune', f'three at once on two nodes, {time.monotonic() - start:.0f} s: {queue.state(run)}', run,
                  undisturbed)

    share(facility, queue, model, table)

    evaluation = lab.new('ProtPickerOptimizerEvaluate', inputLabels=(model, 'outputLabels'), shots='3', draws=2,
                         numberOfThreads=2)
    pretraining = lab.new('ProtPickerOptimizerPretrain', simulated=2, most=10, numberOfThreads=2)
    for name, run in (('evaluate', evaluation), ('pretrain', pretraining)):
        table.add(name, queue.state(queue.ended(queue.submit(run))), run)
    sys.exit(0 if table.isGood else 1)


def share(facility, queue, model, table):
    """Prune many picks by one job and by two of one thread each, and by two of which one is cancelled."""
    picks = facility.picks('many', AROUND)
    runs = [facility.project.prune(picks, model, jobs=jobs) for jobs in (1, 2, 2)]
    for run in runs:
        run.numberOfThreads.set(1)
    alone, *shared = runs
    queue.over(queue.submit(alone, forJobs='Y'))
    expected = contents(alone)
    table.add('prune', f'many picks, one job of one thread: {seconds(alone)}', alone, expected)
    for run, isCancelled in zip(shared, (False, True)):
        queue.submit(run, forJobs='Y')
        how = 'two jobs of one thread'
        if isCancelled:
            waitFor(lambda run=run: len(running(run)) == 2 and glob.glob(run._getExtraPath('scores_*')), LONGEST_S)
            subprocess.run(['scancel', str(running(run)[0])], check=True)
            queue.over(run)
            how += f', one of them cancelled: {run.getStatus()}; continued'
            queue.submit(run, forJobs='Y')
        queue.over(run)
        table.add('prune', f'many picks, {how}: {seconds(run)}', run, expected)


def running(run):
    """The ids of the jobs of a run that are in the queue."""
    told = subprocess.run(['squeue', '--noheader', '--format=%i %j'], capture_output=True, text=True, check=True).stdout
    return [job for job, name in map(str.split, told.splitlines()) if name.startswith(f'{run.getObjId()}-')]


def seconds(run):
    """What the summary says of the time."""
    return ' '.join(line for line in run.summaryVar.get('').splitlines() if line.endswith(' s.'))


def written(facility, path):
    """A labels file of all picks."""
    with open(path, 'w', newline='', encoding='utf-8') as stream:
        writer = csv.writer(stream)
        writer.writerow(('mic_name', 'x', 'y', 'label'))
        writer.writerows((facility.names[row.mic_id - 1], row.x, row.y, row.label) for row in facility.rows)
    return path.resolve()


def live(facility, queue, model, pace, minutes=60):
    """Prune the picks of a picker that begins with the run: (the run, the thread that picks)."""
    picker = facility.picker('picker')
    run = queue.submit(facility.project.prune(picker.run, model, streamingSleepOnWait=1), minutes)
    parts = facility.byMicrograph()

    def pick():
        for number, rows in enumerate(parts, start=1):
            time.sleep(pace)
            picker.add(rows, isLast=number == len(parts))
    picking = threading.Thread(target=pick)
    picking.start()
    return run, picking


def kill(run):
    """Kill the protocol and its worker, as a node that runs out of memory does."""
    for process in processes(run):
        if process is not None:
            process.kill()


if __name__ == '__main__':
    main()
