"""The engine of PickerOptimizer. It imports no Scipion, and runs in an environment of its own (`python -m worker`).

To find one's way:
1. `cli` has one file for each command; each reads tables, calls one function of a room below, and writes a report.
2. `exchange` is all that the Scipion side reads of the worker: tables, the table of scores, the model's header, the
   micrograph reader, errors. It imports no torch.
3. A pick passes `inference`: a source gives the picks of one micrograph, `prefetching` reads it, a predictor cuts the
   boxes (`boxes.cropping`) and shows them to the network (`network.networks`), `scoring` writes the rows.
4. A model comes of `training`: `boxes.labelled` cuts the labelled boxes, a recipe (`training.recipes`) fits a
   recogniser to them, `cross_validation` judges and calibrates it, `network.model_file` writes it.
`simulation` makes micrographs whose truth is known: for tests, the demo, and pretraining.
"""
