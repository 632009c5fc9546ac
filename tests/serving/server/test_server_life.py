from __future__ import annotations

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from silion import main
from tests.shared import ROOT

EXAMPLE = ROOT / "data" / "examples" / "first_cycles.csv"


def test_the_server_answers_as_the_command_line_does(api: TestClient, tmp_path_factory: pytest.TempPathFactory) -> None:
    out = tmp_path_factory.mktemp("life") / "lives.csv"
    assert main(["life", str(EXAMPLE), "-o", str(out), "--at-least", "500"]) == 0
    told = pd.read_csv(out)
    reply = api.post("/life", json={"table": EXAMPLE.read_text(), "at_least": [500]}).json()
    assert [result["cell"] for result in reply["results"]] == told["cell"].tolist()
    for column in ("cycle_life", "cycle_life_low", "cycle_life_high"):
        assert [result[column] for result in reply["results"]] == pytest.approx(told[column].tolist(), rel=1e-5)
    assert [each["outlives"]["500"] for each in reply["results"]] == pytest.approx(
        told["outlives_500"].tolist(), rel=1e-4
    )
    first = reply["results"][0]
    assert first["measured"]["cycle"][-1] == 50
    assert first["curve"]["cycle"][0] == pytest.approx(50)
    assert "formation" in reply["results"][2]["notices"][0]


def test_what_cannot_be_told_is_said_in_the_words_of_the_command_line(api: TestClient) -> None:
    refused = api.post("/life", json={"table": "cell,cycle,capacity\nA,1,2\n"})
    assert refused.status_code == 422
    assert "says no unit" in " ".join(refused.json()["detail"])
    assert api.post("/life", json={"table": ""}).status_code == 422
