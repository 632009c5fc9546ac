"""The road of serving/README.md for Spark users, where pyspark and Java are installed."""

from __future__ import annotations

import shutil
import sys

import mlflow
import pandas as pd
import pytest

from tests.shared import Store

pyspark = pytest.importorskip("pyspark", reason="pyspark is no dependency of Silion")
pytestmark = pytest.mark.slow


@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java")
@pytest.mark.filterwarnings("ignore")  # pyspark 4.3 says of pandas 3 that it does not know it in full, on every call
def test_spark_gives_the_models_own_values(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyspark.sql import SparkSession
    from pyspark.sql.functions import struct

    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(store.env["MLFLOW_TRACKING_URI"])
    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        designs = pd.DataFrame({"electrolyte": ["Li6PS5Cl", "LLZTO", "Li6PS5Br"], "temperature_c": [25.0, 60.0, 25.0]})
        here = mlflow.pyfunc.load_model("models:/silion@champion").predict(designs)
        predict = mlflow.pyfunc.spark_udf(spark, "models:/silion@champion", env_manager="local")
        asked = predict(struct("electrolyte", "temperature_c"))
        there = spark.createDataFrame(designs).withColumn("silion", asked).select("silion.*").toPandas()
    finally:
        spark.stop()
        mlflow.set_tracking_uri(before)
    assert there["conductivity_s_per_cm"].between(1e-10, 1).all()
    pd.testing.assert_frame_equal(there, here, check_exact=True, check_dtype=False)
