"""Stands in for the module of the binaries of Xmipp, so that the Python code of scipion-em-xmipp can be imported.

Its protocols load then, and convert sets; what would run a program of Xmipp does not work.
"""
from pwem import emlib


class XmippScript:
    pass


class CondaEnvManager:
    """No environment is there."""

    @classmethod
    def yieldInstallAllCmds(cls, *args, **kwargs):
        return iter(())

    @classmethod
    def getCondaName(cls, protocol, **kwargs):
        return protocol._conda_env

    @classmethod
    def getCondaEnvTargetFilename(cls, *args, **kwargs):
        return 'no-environment'

    @classmethod
    def getCondaActivationCmd(cls, *args, **kwargs):
        return ''

    @classmethod
    def getEnviron(cls, *args, **kwargs):
        return {}


def isMdEmpty(path):
    return emlib.MetaData(path).size() == 0


def createMetaDataFromPattern(*args, **kwargs):
    raise NotImplementedError('only the binaries of Xmipp can')
