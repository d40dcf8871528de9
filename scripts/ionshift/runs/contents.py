"""What the files of a study hold, checked once before a run: label sets, archived predictions.

`preflight.check` is made whenever the workflow is parsed, so it looks at names and sizes; this
reads the files to their end, which takes some seconds.
"""

from pathlib import Path
from typing import Any


def check(study: Any) -> None:
    """Raise `InputError` if a label set or an archive of the study is damaged or of another study.

    Each job that takes such a file checks it again.
    """
    if study.inference.archive:
        from ionshift.runs import archived

        archived.check_contents(Path(study.inference.archive), list(study.systems))
        return
    from ionshift.labels import sets
    from ionshift.systems.chemistry import chemistry

    liquid = chemistry(study.electrolyte)
    for path in study.labelling.shipped:
        sets.check_label_set(path, study.labelling.chosen_protocol(), liquid)
    for path in study.labelling.reference_labels:
        sets.read_label_set(path, liquid)
