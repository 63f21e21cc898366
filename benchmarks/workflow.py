"""What the benchmarks that run a workflow share: filling a template, running its protocols, showing the comparison."""
import csv
import json
import os
import sys

from pyworkflow import Config
from pyworkflow.project import Manager

from pickeroptimizer import Plugin

TABLES = ('methods', 'truth')      # of the comparison, without .csv


def new_project(name):
    """A new Scipion project, in whose folder the program then is; ends it with one line if there is one of the name."""
    Config.getDomain().getPlugins()
    manager = Manager()
    if manager.hasProject(name):
        sys.exit(f'There is a project {name} already: choose another name with --project.')
    project = manager.createProject(name)
    os.chdir(project.getPath())
    return project


def fill_template(name, **values):
    """The runs of one of the plugin's workflow templates, as Scipion reads them: [{parameter: value}].

    values: {alias of a placeholder: value}; the other placeholders keep their defaults. Raises ValueError for an alias
    that the template does not have.
    """
    template = next(template for template in Plugin().getTemplates() if template.name == name)
    template.replaceEnvVariables()      # which also finds the placeholders
    template.parseContent()
    content = template.getContent()
    for field in template.getParams().values():
        value = values.pop(field.getAlias(), field.getValue())
        content[field.getIndex()] = json.dumps(str(value), ensure_ascii=False)[1:-1]
    if values:
        raise ValueError(f'The template {name} has no {", ".join(values)}.')
    return json.loads(''.join(content))


def load_template(project, rows):
    """Make the runs of a filled template in a project: {their id in the template: protocol}.

    Runs whose plugin is missing are left out by Scipion.
    """
    runs = project.loadProtocols(jsonStr=json.dumps(rows))
    for row in rows:
        if row['object.id'] in runs:      # Scipion 3.11 drops the labels of a template
            runs[row['object.id']].setObjLabel(row['object.label'])
    return runs


def launch(project, run):
    """Run a protocol and wait for it; ends the program with one line if it cannot be run or fails."""
    print(f'{run.getObjLabel()} ...', flush=True)
    check(run)
    project.launchProtocol(run, wait=True)
    if not run.isFinished():
        sys.exit(f'{run.getObjLabel()} failed: {run.getErrorMessage() or "it stopped without a word"} Its log: '
                 f'{os.path.abspath(run.getStdoutLog())}')


def check(run):
    """End the program with one line if a protocol finds that it cannot be run."""
    errors = run.validate()
    if errors:
        sys.exit(f'{run.getObjLabel()} cannot be run: ' + ' '.join(' '.join(error.split()) for error in errors))


def show(comparison):
    """Print the tables of a finished comparison, and where its report is."""
    for name in TABLES:
        path = comparison._getExtraPath('tables', f'{name}.csv')
        if os.path.exists(path):      # there is one about the truth only if the truth is known
            with open(path, newline='', encoding='utf-8') as stream:
                header, *rows = csv.reader(stream)
            print('\n' + '\n'.join(f'| {" | ".join(row)} |' for row in (header, ['---'] * len(header), *rows)))
    print(f'\nThe report: {os.path.abspath(comparison._getExtraPath("report.html"))}')
