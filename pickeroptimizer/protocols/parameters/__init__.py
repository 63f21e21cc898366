"""Parts of the protocols' forms, each with what follows from its parameters: mixins, no protocols."""
