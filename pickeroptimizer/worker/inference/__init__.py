"""Prediction: sources of picks, following tables that grow, prefetching, predictors, scoring, embedding, progress."""
