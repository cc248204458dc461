"""Studies with averages of several trainings and with searched shares, from the plan to the tables."""

import pandas as pd
import pytest

from workflows import dry_run, planned, snakemake, tiny


def study(seeds):
    config = tiny("tiny")
    config["seeds"] = seeds
    config["experiments"]["domainnet"]["methods"] |= {
        "full": {"tune": {"lr": [5.0e-4, 1.0e-3]}},
        "wise": {"alpha": [0.5], "on": ["full/lr-0.001"]},
        "hma": {"alpha": [0.3, 0.6], "candidates": 5, "on": ["full/lr-0.001"]},
        "soup": {"on": ["full", "kd"]},
        "model_stock": {"on": ["full/lr-0.001"]},
    }
    shown = {"experiments": ["domainnet"]}
    config["report"] |= {"glance": shown, "cards": shown, "sizes": shown}
    config["report"]["later"] = {"experiments": {"domainnet": "domainnet"}}
    return config


SEEDS = {"pretraining": [1, 2], "finetuning": [1, 2]}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("averages")
    names = ("figure4", "table5", "tradeoff", "answer", "glance", "cards", "later", "sizes")
    snakemake(folder, "--cores", "2", *(f"reports/{name}.csv" for name in names), config=study(SEEDS))
    return folder


def test_they_are_in_the_tables(finished):
    rows = pd.read_csv(finished / "results/tiny/domainnet/scores.csv")
    settings = rows.groupby("method")["setting"].unique().map(sorted).to_dict()
    assert settings["soup"] == ["lr-0.0005", "lr-0.001"]
    assert settings["soup-kd"] == ["lambda-0.01"]
    assert settings["model_stock"] == ["lr-0.001"]
    assert settings["hma"] == ["lr-0.001-alpha-0.3", "lr-0.001-alpha-0.6"]
    for part in ("figure4", "table5", "answer", "glance", "cards", "sizes"):
        assert {"soup", "model_stock", "hma"} <= set(pd.read_csv(finished / f"reports/{part}.csv")["method"])


def test_cards_tell_what_trainings_cost(finished):
    cards = pd.read_csv(finished / "reports/cards.csv").set_index("method")
    assert cards.loc["full", "time"] == 1
    assert 0.1 < cards.loc["kd", "time"] < 10  # both take a few seconds, most of them to start
    assert cards.loc[["soup", "hma", "wise"], "time"].isna().all()
    text = (finished / "reports/cards.html").read_text()
    assert "HMA: nothing is trained: as WiSE-FT, with a share of its own for each block" in text
    later = pd.read_csv(finished / "reports/later.csv").set_index("claim")
    assert later.loc[["soups-forget-less", "mixtures-calibrated", "kl-predicts"], "comparison_effect"].notna().all()
    assert (later.loc[["replay-prevents", "size-forgets-less"], "verdict"] == "not measured").all()


def test_an_average_of_each_start_stands_under_all_its_seeds(finished):
    rows = pd.read_csv(finished / "results/tiny/domainnet/scores.csv", dtype={"seed": str})
    soup = rows[(rows["method"] == "soup") & (rows["setting"] == "lr-0.001") & (rows["split"] == "test")]
    losses = soup[(soup["data"] == "domainnet/real") & (soup["metric"] == "log_loss")]
    ours = losses.set_index("seed")["value"]
    assert ours["1-1"] == ours["1-2"]
    assert ours["2-1"] == ours["2-2"]
    assert ours["mean"] == pytest.approx((ours["1-1"] + ours["2-1"]) / 2)
    folder = finished / "results/tiny/domainnet/soup/full/lr-0.001"
    assert sorted(path.name for path in folder.iterdir()) == ["seed-1", "seed-2"]


def test_an_average_and_a_searched_mixture_are_written_on_request(finished):
    models = [
        f"results/tiny/domainnet/{run}/model"
        for run in ("soup/full/lr-0.001/default/seed-2", "hma/full/lr-0.001/alpha-0.3/seed-1-2")
    ]
    snakemake(finished, "--cores", "1", *models, config=study(SEEDS))
    assert all((finished / model / "model.safetensors").is_file() for model in models)


def test_more_candidates_search_again_and_train_nothing(finished):
    config = study(SEEDS)
    config["experiments"]["domainnet"]["methods"]["hma"]["candidates"] = 6
    jobs = planned(finished, config, "reports/table5.csv")
    assert (jobs["search_clip"], jobs["score_clip"]) == (4, 4)
    assert "finetune_clip" not in jobs


def test_an_average_needs_several_seeds(tmp_path):
    text = dry_run(tmp_path, study([1]), check=False)
    assert "experiments.domainnet.methods.soup: it mixes trainings of several seeds" in text
