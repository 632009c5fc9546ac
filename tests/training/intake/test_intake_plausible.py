"""Poisoned rows are asked about before they are written; ordinary ones are not."""

import pytest

ELECTROLYTES = "electrolyte,sigma,T (°C),source\n"
CELLS = "anode,electrolyte,ICE,source\n"

ASKED = {
    # argyrodites in training show 1e-3 to 8e-3 S/cm at room temperature
    "mS/cm entered as S/cm": (f"{ELECTROLYTES}Li6PS5Cl,2.3,25,lab\n", "looks like mS/cm"),
    "a poor one's mS/cm": (f"{ELECTROLYTES}Li6PS5Cl,0.1,25,lab\n", "looks like mS/cm"),
    "100 times too low": (f"{ELECTROLYTES}Li6PS5Cl,1e-13,25,lab\n", "times away from their middle"),
    "a bound that far": (f"{ELECTROLYTES}Li6PS5Cl,<1e-10,25,lab\n", "times away from their middle"),
    "a class nobody measured": (f"{ELECTROLYTES}Li3N,2,25,lab\n", "solid electrolytes at like temperature"),
    "in a cell": (
        "anode,electrolyte,sigma,ICE,source\nSi,Li6PS5Cl,2.3,84,lab\n",
        "electrolyte_conductivity_s_per_cm: 2.3 S/cm; looks like mS/cm",
    ),
    "ICE as a fraction": (f"{CELLS}Si,Li6PS5Cl,0.85,lab\n", "ice_pct: 0.85 %; looks like a fraction; 85 % is"),
    "ICE below 10 where the others are high": (
        f"{CELLS}Si,Li6PS5Cl,84,lab\nSi C,Li6PS5Cl,8.4,lab\n",
        "line 3, ice_pct: 8.4 %; the others of its paper or cell are 84 and more",
    ),
    "ICE below 10 alone": (f"{CELLS}Si,Li6PS5Cl,8.4,lab\n", "no cell of the tables is this low"),
    "a whole column of fractions": (f"{CELLS}Si,Li6PS5Cl,0.8,lab\nSi C,Li6PS5Cl,0.9,lab\n", "90 % is written 90"),
    "retention as a fraction": ("cell,cycle,retention,source\nZ002,77,0.9,lab\n", "0.9 %; looks like a fraction"),
    "silicon as a fraction": ("anode,electrolyte,silicon_wt_pct,source\nSi,Li6PS5Cl,0.8,lab\n", "0.8 %; looks like a"),
    "kelvin": (f"{ELECTROLYTES}Li6PS5Cl,2e-3,298,lab\n", "looks like kelvin; 298 K is 24.85 °C"),
    "kelvin beside a room temperature": (
        f"{ELECTROLYTES}Li6PS5Cl,2e-3,298,lab\nLi3PS4,3e-4,25,lab\n",
        "line 2, temperature_c: 298 °C; looks like kelvin",
    ),
    "an areal capacity among those per gram": (
        "anode,electrolyte,first_capacity_mah_per_g,cell_type,source\nSi,Li6PS5Cl,2.5,half,lab\n",
        "2.5 mAh/g; looks like mAh/cm², which belongs into first_areal_capacity_mah_per_cm2",
    ),
    "a capacity per gram among areal ones": (
        "anode,electrolyte,first_areal_capacity_mah_per_cm2,source\nSi,Li6PS5Cl,95,lab\n",
        "95 mAh/cm²; looks like mAh/g, which belongs into first_capacity_mah_per_g",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("text", "question"), ASKED.values(), ids=ASKED)
def test_asked_and_only_written_when_confirmed(run, write, tmp_path, text, question):
    asked = run("add", write(text), "--write")
    assert asked.code == 3
    assert question in asked.out
    assert "unlikely, see below; --confirm if they are right" in asked.out
    assert not (tmp_path / "mydata").exists()
    assert run("add", write(text), "--write", "--confirm").code == 0
    assert run("add", write(text), "--write").code == 0  # what is there is not asked again


ORDINARY = {
    "argyrodite": f"{ELECTROLYTES}Li6PS5Cl,2.3e-3,25,lab\n",
    "a record": f"{ELECTROLYTES}Li6PS5Cl,2e-2,25,lab\n",
    "a poor garnet": f"{ELECTROLYTES}Li7La3Zr2O12,2e-5,25,lab\n",
    "a polymer": f"{ELECTROLYTES[:-1]},electrolyte_class\nPEO-LiTFSI,1e-6,25,lab,polymer\n",
    "a hot cell": f"{CELLS[:-1]},T (°C)\nSi,Li6PS5Cl,84,lab,60\n",
    "an Arrhenius series": ELECTROLYTES
    + "".join(
        f"Li7La3Zr2O12,{value},{t},lab\n" for value, t in [("2e-4", 25), ("2e-3", 100), ("1e-2", 200), ("0.05", 300)]
    ),
    "a poor ICE": f"{CELLS}Si,Li6PS5Cl,31,lab\n",
    "1 wt% of carbon": "anode,electrolyte,carbon_wt_pct,ICE,source\nSi,Li6PS5Cl,1,84,lab\n",
    "a poor capacity, a high loading": (
        "anode,electrolyte,first_capacity_mah_per_g,first_areal_capacity_mah_per_cm2,source\nSi,Li6PS5Cl,75,12,lab\n"
    ),
    "a dead cell": "cell,cycle,retention,source\nZ002,77,0,lab\n",
}


@pytest.mark.parametrize("text", ORDINARY.values(), ids=ORDINARY)
def test_ordinary_rows_are_not_asked_about(run, write, text):
    done = run("add", write(text))
    assert (done.code, "to confirm     0" in done.out) == (0, True), done.out


def test_own_rows_count_to_what_a_class_shows(run, write):
    glassy = "".join(f"Li3InCl6,{value},25,lab {value}\n" for value in ("1e-3", "2e-3", "3e-3"))
    run("add", write(ELECTROLYTES + glassy, "halides.csv"), "--write")
    asked = run("add", write(f"{ELECTROLYTES}Li3YCl6,0.5,25,other lab\n"))
    assert "halide rows at like temperature show" in asked.out
