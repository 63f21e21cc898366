"""The networks, the weights that they start from, the model file, the device, and fast inference."""
