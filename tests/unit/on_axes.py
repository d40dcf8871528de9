"""What a figure shows: empty axes are found, whatever the size of the file."""

import numpy as np


def n_points(axis):
    """Finite points of lines, markers, bars, areas and images on the axes."""
    found = 0
    for line in axis.lines:
        if line.get_transform() == axis.transData:
            found += int(np.isfinite(np.asarray(line.get_xydata(), float)).all(axis=1).sum())
    for collection in axis.collections:
        offsets = np.asarray(np.ma.filled(collection.get_offsets(), np.nan), float)
        shapes = [path.vertices for path in collection.get_paths() if len(path.vertices) > 1]
        found += int(np.isfinite(offsets).all(axis=1).sum()) if not shapes else 0
        found += sum(int(np.isfinite(shape).all(axis=1).sum()) for shape in shapes)
        found += len(offsets) if shapes and len(offsets) > 1 else 0
    for patch in axis.patches:
        vertices = patch.get_path().vertices
        found += int(np.isfinite(vertices).all())
    return found + sum(image.get_array().size for image in axis.images)


def empty_panels(figure):
    """Titles or labels of visible panels with axes on which there is no data."""
    return [
        axis.get_title(loc="left") or axis.get_title() or axis.get_ylabel()
        for axis in figure.axes
        if axis.get_visible() and axis.axison and n_points(axis) == 0
    ]
