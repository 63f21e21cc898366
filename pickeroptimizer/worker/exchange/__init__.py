"""What both sides read, without torch and without Scipion: the contract between plugin and worker.

tables: micrographs, picks, labels; score_table: the worker's scores while they grow; feature_file; model_header;
micrograph_reader; splits and studies: what an evaluation compares; plots: figures of results; errors, files, locks,
signals (exit codes, end of a feed).
"""
