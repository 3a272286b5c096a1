"""From a source's examples to the rows a model is trained on."""
