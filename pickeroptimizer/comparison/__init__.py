"""Pruned sets side by side: how they agree, and with a truth which is right. Knows numpy and nothing of Scipion."""
from .comparison import UNKNOWN, Comparison, Method

__all__ = ['UNKNOWN', 'Comparison', 'Method']
