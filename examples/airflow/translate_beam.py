"""Translate each day's reports with the Beam provider's operator.

Needs ``apache-airflow-providers-apache-beam`` with its ``google`` extra (the operator's module imports it, whatever the
runner). The operator has no skip code, returns no XCom value, and its ``execution_timeout`` does not stop the child
process: prefer ``translate_bash.py`` unless the operator is what your team already uses.

``py_file`` is the installed package's entry; ``py_interpreter`` is the Python of the environment that holds it.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airflow.providers.apache.beam.operators.beam import BeamRunPythonPipelineOperator
from airflow.sdk import DAG

with DAG(
    dag_id="translate_reports_beam",
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
) as dag:
    BeamRunPythonPipelineOperator(
        task_id="translate",
        # `python -m pipeline`; the interpreter's environment must hold this package.
        py_file="pipeline",
        py_options=["-m"],
        py_interpreter="{{ var.value.get('translate_python', 'python3') }}",
        py_system_site_packages=False,
        runner="DirectRunner",
        pipeline_options={
            "input": "{{ var.value.translate_input }}/{{ ds }}",
            "output": "{{ var.value.translate_output }}/{{ ds }}",
            "hosts": "{{ var.value.get('ollama_hosts', '127.0.0.1:11434') }}",
            "progress": "plain",
        },
        retries=3,
        retry_delay=timedelta(minutes=1),
    )
