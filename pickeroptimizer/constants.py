"""Names that more than one room uses. What classes are is said in worker/exchange/classes.py."""

from pathlib import Path

# Version of what the worker environment holds. It moves only when worker/requirements.txt or DEFAULT_TORCH do,
# so that an update of the plugin alone asks nobody to install several GB again.
WORKER_VERSION = '1.2'
WORKER_PACKAGE = 'pickeroptimizer'
WORKER_FOLDER = f'{WORKER_PACKAGE}-{WORKER_VERSION}'      # below EM_ROOT

# The two come as a pair, from one index: torchvision is compiled against exactly one torch.
DEFAULT_TORCH = 'torch==2.12.0 torchvision==0.27.0'

# The model that needs no labels, which comes with the plugin.
GENERAL_MODEL = str(Path(__file__).parent / 'worker' / 'weights' / 'resnet18.safetensors')

# Variables of scipion.conf or of the environment.
PICKEROPTIMIZER_PYTHON = 'PICKEROPTIMIZER_PYTHON'
PICKEROPTIMIZER_ENV_ACTIVATION = 'PICKEROPTIMIZER_ENV_ACTIVATION'
PICKEROPTIMIZER_TORCH = 'PICKEROPTIMIZER_TORCH'

# What pruning adds to a coordinate: its class probabilities, of which that of the particle is always there (the others:
# convert.probabilityAttribute), its distance from anything that was labelled (1: usual), and its class (or `outside`,
# or `near junk`). Where picks near junk are rejected, whether it is one, which no cut of the probabilities keeps.
PO_PARTICLE = '_poParticle'
PO_NOVELTY = '_poNovelty'
PO_CLASS = '_poClass'
PO_NEAR_JUNK = '_poNearJunk'

# What fine-tuning adds to a labelled coordinate, next to its class: how likely that class is to a recogniser that was
# not trained with it, and whether it was drawn at random to be labelled.
PO_LABEL_PROBABILITY = '_poLabelProbability'
PO_RANDOM = '_poLabelRandom'

# What uniting adds to a coordinate: who picked it, how many did, and the score of picker 1, 2, ... (Other names than
# those of pruning: what begins with _po is the probability of a class.)
PO_PICKERS = '_pickedBy'
PO_PICKER_COUNT = '_pickedByCount'
PO_SCORE_OF = '_pickerScore'

# What masking adds to a micrograph: the file of its mask, and how much of its area is usable, per cent.
PO_MASK = '_poMask'
PO_USABLE = '_poUsable'

# How micrographs are shown, in windows and in reports.
CLIPPED = 0.5      # per cent of the pixels that are black, and as many white
CROWDED = 0.5      # of the micrograph: boxes that would cover more of it are drawn smaller
