# make demo   the whole way on simulated data: set up, fine-tune, prune, a table and pictures
# make gui    open the demo's project in the Scipion window
# make check  ruff, import-linter and mypy: seconds
# make test   the checks and all tests; ARGS="-k prune" passes arguments to pytest
# make pretrain  the shipped weights anew, on simulated experiments (1.5 hours on 2 cores; INIT=FILE: to start from, docs/weights.md)
# make screenshots  the README's pictures of the windows anew, from the demo's project; needs Xvfb or a display
# make dist   wheel and source distribution in dist/, checked; URL=https://github.com/OWNER/NAME: where the README's pictures are
# make clean  remove everything that make set up (the projects in .scipion too)

PYTHON ?= python3
SCIPION := .scipion/scipion3
ARGS ?=
URL ?=

.PHONY: help setup demo gui screenshots check test pretrain dist clean

help:
	@sed -n 's/^# //p' Makefile

setup:
	@$(PYTHON) tools/bootstrap.py

demo: setup
	@$(SCIPION) python demo/run.py

gui: setup
	@test -n "$$DISPLAY" || { echo 'There is no display (DISPLAY is not set): make gui needs a desktop or ssh -X.'; exit 1; }
	@test -d .scipion/userdata/projects/PickerOptimizerDemo || { echo 'There is no project yet; run: make demo'; exit 1; }
	@$(SCIPION) project PickerOptimizerDemo

screenshots: setup
	@$(SCIPION) python demo/screenshots.py

check:
	@$(PYTHON) tools/check.py

test:
	@$(PYTHON) tools/bootstrap.py --tests
	@$(PYTHON) tools/run_tests.py $(ARGS)

INIT ?= imagenet
WORKER = PYTHONPATH=pickeroptimizer .scipion/home/software/em/pickeroptimizer-1.2/env/bin/python -m worker

pretrain: setup
	$(WORKER) categories --simulate 420 --most 60 --seed 2 --output .scipion/categories.safetensors
	$(WORKER) pretrain --categories .scipion/categories.safetensors --init $(INIT) --epochs 2 --seed 2 \
		--output pickeroptimizer/worker/weights/resnet18.safetensors

dist:
	@$(PYTHON) tools/dist.py --url '$(URL)'

clean:
	rm -rf .scipion demo/output build dist *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
