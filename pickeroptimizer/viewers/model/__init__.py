"""Windows of results: of an evaluation, of a pretraining, of a model."""
