"""What the first page of a liquid's NMR says: numbers, words and the command it recommends."""

import pytest

import summaries
from ionshift.runs import summary_page
from ionshift.studies import registry
from ionshift.studies.summaries import liquid_nmr

NAN = float("nan")


def page(tables=None, **settings):
    return liquid_nmr.page(
        tables or summaries.tables(), summaries.SETTINGS | settings, summaries.CONFIG
    )


def section(title, *arguments, **settings):
    return next(one for one in page(*arguments, **settings).sections if one.title == title)


def found(*arguments):
    return section("What was found", *arguments)


def trust(*arguments, **settings):
    """Answer and verdict by question."""
    rows = section("How far to trust it", *arguments, **settings).table.rows
    return {question: (answer, verdict.text) for question, answer, verdict, _ in rows}


def advice(*arguments, **settings):
    return section("What improves it most", *arguments, **settings).advice


def terms(*arguments, **settings):
    rows = section("What improves it most", *arguments, **settings).table.rows
    return [row[1] for row in rows]


def of_archive():
    return {name: summaries.tables()[name] for name in summaries.OF_ARCHIVE}


# ----------------------------------------------------------------------- what was found


def test_the_answer_is_the_largest_change_with_its_error():
    assert page().answer == [
        "From 1M to 4M the mean Li shift moves upfield by 0.24 ± 0.06 ppm, 3.8 times its error.",
        "Anions in the first shell of Li: 0.5 ± 0.2 at 1M, 2.3 ± 0.3 at 4M.",
        "Of 9 questions on how far to trust this, 3 ask for caution and 0 cannot be answered.",
    ]


def test_a_change_within_its_error_is_not_called_one():
    small = summaries.changed("shifts", change_ppm=[0.0, 0.01, -0.02, 0.05])
    assert page(small).answer[0] == (
        "The mean Li shift does not change beyond its error: the largest change from 1M is "
        "0.05 ± 0.06 ppm, at 4M."
    )


def test_a_change_without_a_known_error_is_left_open():
    unknown = summaries.changed("shifts", change_sampling_err_ppm=NAN)
    assert page(unknown).answer[0] == (
        "From 1M to 4M the mean Li shift moves upfield by 0.242 (error not known) ppm; whether "
        "that is more than chance is therefore open."
    )


def test_the_table_has_every_system_with_errors():
    rows = found().table.rows
    assert rows[0] == [
        *("1M", "1.02", "0 (start)", "0.5 ± 0.2", "2.5 ± 0.2", "5.71 ± 0.04"),
        "SSIP, 50 ± 11 %",
    ]
    assert rows[3] == [
        *("4M", "4.09", "−0.24 ± 0.06", "2.3 ± 0.3", "1.4 ± 0.2", "5.33 ± 0.07"),
        "AGG, 44 ± 9 %",
    ]
    assert found().table.columns[2] == "Change of the mean shift from 1M / ppm"


def test_one_system_has_a_mean_in_place_of_a_change():
    one = {
        name: table[table["system"] == "4M"] if "system" in table else table
        for name, table in summaries.tables().items()
    }
    assert found(one).table.columns[2] == "Mean shift / ppm"
    assert found(one).table.rows[0][2] == "−0.13 ± 0.06"
    assert page(one).answer[:-1] == [
        "The mean Li shift of 4M is known to ± 0.06 ppm, over 2,880 environments; with one system "
        "there is no change to compare it with."
    ]


def test_a_measured_series_is_named_with_its_source():
    measured = summaries.tables()
    measured["experiment"] = (
        measured["experiment"]
        .reindex(range(2))
        .assign(
            molarity_M=[1.0, 3.5],
            change_ppm=[0.0, -0.31],
            change_err_ppm=[0.0, 0.02],
            source="Smith 2020",
        )
    )
    assert found(measured).paragraphs == [
        "Measured from 1 to 3.5 M: −0.31 ± 0.02 ppm (Smith 2020)."
    ]
    assert found().paragraphs == []


# ----------------------------------------------------------------------- how far to trust it


def test_every_question_is_answered_with_its_number():
    rows = trust()
    assert rows["Do the shells still drift?"] == (
        "Anions per Li, second half of the run less the first: 0.13 at 4M, 0.41 times the error "
        "of the mean (the most of all systems)",
        "no drift seen",
    )
    assert rows["Do nuclei change their shells?"] == (
        "57 ± 9 % of the variance of the shift at 4M lies between nuclei and does not decay "
        "within the run",
        "the run remembers its start",
    )
    assert rows["Are there independent runs to compare?"] == (
        "1 run per system; how much boxes differ from each other is not in the sampling errors",
        "too few",
    )
    assert rows["Are environments outside the training range?"] == (
        "9.4 % of all environments, most at 4M: 22 %",
        "many",
    )
    assert rows["Were the DFT labels computed?"] == (
        "821 of 824 are ok (2 failed, 1 unconverged); the minimum success rate is 90 %",
        "passed",
    )
    assert rows["How good is the model?"] == (
        "Held-out error 0.092 ± 0.005 ppm (RMSE over 158 labels); the mean baseline has 0.28 ppm",
        "3.0 times better than the mean",
    )
    assert rows["And for a system it has not seen?"] == (
        "At worst 0.10 ppm (RMSE), with 4M left out of the training",
        "carries over",
    )
    assert rows["Are its error bars honest?"] == (
        "Of the held-out labels, 70 % lie in the 68 % intervals and 91 % in the 90 % intervals",
        "honest",
    )
    assert rows["Does the correction of labels help?"] == (
        "Errors of 0.071 ppm before and 0.031 ppm after, over 20 clusters held out of the line in "
        "turn",
        "it helps",
    )
    assert "Did the potential pass?" not in rows


@pytest.mark.parametrize(
    ("name", "columns", "question", "verdict"),
    [
        (
            "coordination",
            {"n_anion_second_half": [0.5, 0.9, 1.6, 3.2]},
            "Do the shells still drift?",
            "still drifts",
        ),
        ("coordination", {"n_anion_err": NAN}, "Do the shells still drift?", "not known"),
        ("exchange", {"static_share": 0.05}, "Do nuclei change their shells?", "they do"),
        (
            "shifts",
            {"extrapolated_share": 0.01},
            "Are environments outside the training range?",
            "few",
        ),
        (
            "labels",
            {"status": ["failed"] * 80 + ["ok"] * 744},
            "Were the DFT labels computed?",
            "passed, but many are lost",
        ),
        (
            "metrics",
            {"baseline_rmse_ppm": 0.1},
            "How good is the model?",
            "only 1.1 times better than the mean",
        ),
        (
            "metrics",
            {"rmse_ppm": [0.06, 0.09, 0.1, 0.3, 0.1, 0.1]},
            "And for a system it has not seen?",
            "much worse",
        ),
        ("metrics", {"coverage_68": 0.5}, "Are its error bars honest?", "too narrow"),
        ("metrics", {"coverage_68": 0.8}, "Are its error bars honest?", "too wide"),
        ("metrics", {"coverage_90": NAN}, "Are its error bars honest?", "not known"),
    ],
)
def test_verdicts(name, columns, question, verdict):
    assert trust(summaries.changed(name, **columns))[question][1] == verdict


def test_runs_that_can_be_compared():
    three = summaries.tables()
    three["settling"] = three["settling"].assign(replica=[0, 1, 2, 0, 1] * 4)
    assert trust(three)["Are there independent runs to compare?"] == ("3 runs per system", "enough")


def test_an_archive_does_not_know_its_labels_and_model():
    rows = trust(of_archive(), archive="old/demo")
    for question in (
        "Were the DFT labels computed?",
        "How good is the model?",
        "And for a system it has not seen?",
        "Are its error bars honest?",
    ):
        assert rows[question] == ("Not known", "not known")
    assert rows["Do nuclei change their shells?"][1] == "the run remembers its start"
    said = section("How far to trust it", of_archive(), archive="old/demo").paragraphs
    assert said[0].startswith("The predictions come from an archive (old/demo)")
    assert section("What it cost", of_archive(), archive="old/demo").paragraphs == [
        "Not known: no time was recorded for this study."
    ]


# ----------------------------------------------------------------------- what improves it most


def test_sampling_decides_and_shells_outlive_the_run():
    found = advice()
    assert terms() == ["0.06", "0.02", "0.006"]
    assert found.settings == "md:\n  replicas: 4  # now 1"
    assert found.command == "ionshift run config/config.yaml"
    assert found.reason == (
        "Sampling is the largest error. Nuclei keep their shells for longer than the run: at 4M "
        "the comparison of nuclei gives 0.06 ppm, blocks of time 0.008 ppm. So further independent "
        "runs help. To halve it (0.03 ppm) takes 4 times as much. The molecular dynamics took 0.24 "
        "core-hours; this adds about 0.72."
    )


def test_sampling_decides_and_blocks_of_time_set_it():
    found = advice(summaries.changed("mean_error", path_err_ppm=0.001))
    assert found.settings == "md:\n  production_ps: 320  # now 80"
    assert "Blocks of time set it, so longer runs help." in found.reason
    assert "this adds about 0.96." in found.reason


def test_an_unknown_sampling_error_is_the_first_to_mend():
    found = advice(summaries.changed("shifts", change_sampling_err_ppm=NAN))
    assert found.reason.startswith("Sampling is the largest error: it is not even known.")
    assert found.command == "ionshift run config/config.yaml"


def test_a_large_share_outside_the_range_asks_for_labels():
    outside = summaries.changed("shifts", extrapolated_share=[0.1, 0.2, 0.3, 0.9])
    assert terms(outside) == ["0.06", "0.09", "0.006"]
    found = advice(outside)
    assert found.command == "ionshift labels next config/config.yaml --n 40"
    assert found.reason.startswith("90 % of the environments at 4M lie outside the training range")
    assert (
        "1,200 training labels (666 now) would reach a held-out error of 0.08 ppm" in found.reason
    )
    assert found.afterwards.endswith("then: ionshift run config/config.yaml")


def test_a_flat_learning_curve_promises_nothing():
    outside = summaries.changed("shifts", extrapolated_share=[0.1, 0.2, 0.3, 0.9])
    outside["learning_curve"]["n_for_target"] = 21.0 * outside["learning_curve"]["n_train"]
    said = advice(outside).reason
    assert "too flat to say how many training labels would reach a held-out error of 0.08" in said


def test_a_committee_that_disagrees_asks_for_labels():
    apart = summaries.changed("shifts", change_model_err_ppm=[0.0, 0.1, 0.2, 0.1])
    apart["learning_curve"]["n_for_target"] = float("inf")
    found = advice(apart)
    assert terms(apart) == ["0.06", "0.02", "0.2"]
    assert found.command == "ionshift labels next config/config.yaml --n 40"
    assert found.reason.startswith("The disagreement of the committee is the largest error")
    assert "learning curve" not in found.reason


def test_without_a_system_left_out_the_mean_baseline_stands_in():
    one = summaries.tables()
    one["metrics"] = one["metrics"].iloc[:2]
    rows = section("What improves it most", one).table.rows
    assert rows[1][1:] == ["0.06", "22 % at 4M, times 0.28 ppm, the error of the mean baseline"]


def test_lost_labels_come_before_the_errors():
    lost = summaries.changed("labels", status=["failed"] * 80 + ["ok"] * 744)
    found = advice(lost)
    assert found.command == "ionshift labels retry config/config.yaml"
    assert found.reason.startswith("9.7 % of the labels are lost, more than 5 %")


def test_a_potential_that_failed_comes_first():
    lost = summaries.changed("labels", status=["failed"] * 80 + ["ok"] * 744)
    checks = {"check": ["force_rmse", "nve_drift"], "passed": [False, True]}
    lost["potential_validation"] = summaries.pd.DataFrame(checks)
    found = advice(lost, exploration_rounds=1)
    assert found.command == "ionshift run config/config.yaml"
    assert found.settings == "potential_training:\n  exploration:\n    rounds: 2  # now 1"
    assert "failed force rmse" in found.reason
    assert trust(lost, exploration_rounds=1)["Did the potential pass?"] == (
        "1 of 2 checks passed; failed: force rmse",
        "failed",
    )
    lost["potential_validation"]["passed"] = True
    assert advice(lost, exploration_rounds=1).command.startswith("ionshift labels retry")


def test_an_archive_is_to_be_run():
    found = advice(of_archive(), archive="old/demo")
    assert terms(of_archive(), archive="old/demo") == ["0.06", "not known", "0.006"]
    assert found.command == "ionshift run config/config.yaml"
    assert found.settings == "inference:\n  archive: null"
    assert "The largest of those known is 0.06 ppm: Sampling" in found.reason


# ----------------------------------------------------------------------- which tables


def test_every_table_that_a_study_has_is_one_that_the_page_knows(root):
    for path in sorted((root / "config").glob("*.yaml")):
        study = registry.load(path)
        summary = registry.kind(study.kind).summary
        names = summary.tables(study)
        assert set(names) <= set(liquid_nmr.COLUMNS), path.name
        assert ("potential_validation" in names) == (path.stem == "lifsi_dme_potential")
        assert set(summary.settings(study)) == set(summaries.SETTINGS)


def test_the_page_of_an_archive_is_whole_and_invents_nothing():
    text = summary_page.html(page(of_archive(), archive="old/demo"), [])
    assert text.count("ot known") >= 9
    assert "nan" not in text
    assert "3 ask for caution and 4 cannot be answered" in text
    for word in ("learning curve", "core-hours in all", "824"):
        assert word not in text


def test_no_number_is_left_unwritten():
    text = summary_page.html(page(), [])
    assert ">nan" not in text and "inf " not in text and "None" not in text
