"""Drawing of a model's cross-validated confusion matrix. Knows matplotlib and nothing of Scipion."""
import numpy as np


def draw_confusion(axes, classes, confusion):
    """Draw counts (true class by row, predicted class by column), shaded by the share of the true class."""
    counts = np.asarray(confusion, dtype=float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.clear()
    axes.imshow(shares, cmap='Greys', vmin=0, vmax=1)
    places = range(len(classes))
    axes.set_xticks(places, classes)
    axes.set_yticks(places, classes)
    axes.set_xlabel('predicted')
    axes.set_ylabel('true')
    for row in places:
        for column in places:
            axes.text(column, row, f'{counts[row, column]:g}', ha='center', va='center',
                      color='white' if shares[row, column] > 0.5 else 'black')
