"""All analysed environments of a system: its replicas, streamed in chunks of clusters."""

from ionshift.solvation import ShellFinder
from ionshift.trajectory import Trajectory


def open_finders(topologies, trajectories, electrolyte, shell, cutoff_A):
    """A `ShellFinder` for every replica, in order."""
    return [
        ShellFinder(Trajectory(topology, path), electrolyte, shell, cutoff_A)
        for topology, path in zip(topologies, trajectories, strict=True)
    ]


def count(finders, stride):
    """Number of environments in every `stride`-th frame."""
    return sum(len(range(0, len(f.trajectory), stride)) * len(f.centres) for f in finders)


def in_chunks(finders, stride, chunk_size):
    """Yield (origins, clusters) of at most `chunk_size` environments, replica by replica.

    An origin is a dict of replica, frame, time_ps and li, the number of the nucleus.
    """
    origins, clusters = [], []
    for replica, finder in enumerate(finders):
        for frame in finder.trajectory.frames(stride):
            for number, environment in enumerate(finder.shells(frame)):
                clusters.append(finder.cluster(frame, environment))
                origins.append(origin(replica, frame, number))
                if len(clusters) == chunk_size:
                    yield origins, clusters
                    origins, clusters = [], []
    if clusters:
        yield origins, clusters


def origin(replica, frame, number):
    """Where an environment comes from: the key that the tables of environments share."""
    return {"replica": replica, "frame": frame.index, "time_ps": frame.time_ps, "li": number}
