"""Learning: recipes, cross-validation, calibration and metrics; finetune, evaluate and pretrain are their commands."""
