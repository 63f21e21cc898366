"""What the plugin knows without Scipion and without torch: plain Python and numpy.

- labels: rows of labelled boxes, before they reach the worker: read from a file, counted, checked, drawn at random;
- corrections: picks that a user has given another class, as a prune run stores them;
- decision: the keep rule, and where it cuts for what a user wants;
- suggestions: which pick to label next;
- micrograph_names: when two names mean the same micrograph;
- library: a laboratory's folder of labelled data sets;
- training_report, evaluation_report, pretraining_report: what the worker reports, in words and tables.
"""
