"""The weights that a training starts from, as the protocols that train ask for them."""
import os
from enum import IntEnum

from pyworkflow.protocol import params

from ..protocol_base import fileDigest

START = 'start.safetensors'      # in extra, to the chosen file


class StartFrom(IntEnum):
    """Values of the parameter startFrom; projects keep the numbers."""
    PLUGIN = 0
    IMAGENET = 1
    FILE = 2
    PRETRAINED_RUN = 3


class StartingWeights:
    """For a protocol that runs the worker: where its network starts from."""

    @staticmethod
    def _defineStartParams(form):
        form.addParam('startFrom', params.EnumParam, default=StartFrom.PLUGIN.value, label='Starting weights',
                      choices=['plugin', 'ImageNet', 'file', 'pretrained run'],
                      help='Plugin: the weights that come with the plugin.\nImageNet: those of torchvision, which are '
                           'downloaded once.\nFile: a .safetensors file, for instance a model of another sample.\n'
                           'Pretrained run: the output of "pretrain".')
        form.addParam('weightsFile', params.FileParam, condition=f'startFrom=={StartFrom.FILE:d}', label='Weights file',
                      help='A .safetensors file: a model or weights of this plugin, or a ResNet-18 of torchvision.')
        form.addParam('inputWeights', params.PointerParam, pointerClass='PickerOptimizerWeights',
                      condition=f'startFrom=={StartFrom.PRETRAINED_RUN:d}', label='Pretrained weights',
                      help='The output of "pretrain".')

    def _startFile(self):
        """The file of weights that the user chose, None where there is none to choose or it is not chosen yet."""
        if self.startFrom.get() == StartFrom.FILE:
            return self.weightsFile.get() or None
        if self.startFrom.get() == StartFrom.PRETRAINED_RUN and self.inputWeights.get() is not None:
            return self.inputWeights.get().getFileName()
        return None

    def _startName(self):
        """What the worker's --init takes."""
        return {StartFrom.PLUGIN: 'default', StartFrom.IMAGENET: 'imagenet'}.get(self.startFrom.get(), START)

    def _startKey(self):
        """Of the chosen file's content, '' where there is none: what a step that uses it depends on."""
        return fileDigest(self._startFile() or '')

    def _startPointers(self):
        return [self.inputWeights] if self.startFrom.get() == StartFrom.PRETRAINED_RUN else []

    def _linkStart(self):
        """Put the chosen file where the worker looks for it."""
        if self._startFile():
            self._linkIntoExtra(self._startFile(), START)

    def _validateStart(self):
        """Lines that say why these weights cannot be used."""
        path = self._startFile()
        if self.startFrom.get() == StartFrom.FILE and not os.path.isfile(path or ''):
            return [f'There is no file of starting weights {path or ""}: choose one.']
        if self.startFrom.get() == StartFrom.PRETRAINED_RUN and path and not os.path.isfile(path):
            return [f'The pretrained weights {path} are gone: run their protocol again.']
        return []
