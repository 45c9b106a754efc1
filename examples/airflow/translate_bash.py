"""Translate each day's reports with the BashOperator: no provider is needed beyond Airflow itself.

The task fails with the command's exit code, and is skipped with 99 (nothing to do). A retry resumes: finished parts
stay, and every answer is in the memory beside the output. ``execution_timeout`` ends the run cleanly within ten
seconds. The summary line on stdout is the task's XCom value.

Set the Airflow variable ``translate_command`` to the full path of the console script, such as
``/opt/translate/bin/beam-ollama-translate``: a task's PATH may hold another Python.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    dag_id="translate_reports",
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    # Two runs must not write to one output at the same time; the second would be refused.
    max_active_runs=1,
) as dag:
    BashOperator(
        task_id="translate",
        bash_command=(
            "{{ var.value.get('translate_command', 'beam-ollama-translate') }} "
            "--input '{{ var.value.translate_input }}/{{ ds }}' --output '{{ var.value.translate_output }}/{{ ds }}' "
            "--log_format json --progress plain --skip_exit_code 99"
        ),
        env={"OLLAMA_HOSTS": "{{ var.value.get('ollama_hosts', '127.0.0.1:11434') }}"},
        append_env=True,
        skip_on_exit_code=99,
        retries=3,
        retry_delay=timedelta(minutes=1),
        execution_timeout=timedelta(hours=10),
    )
