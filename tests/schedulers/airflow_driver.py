"""Runs one DAG in this process, with Airflow's own Python: airflow_driver.py DAG_FILE [execution_timeout_seconds].

Prints one line of JSON: the state, the number of tries and the XCom value of each task.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from datetime import datetime, timedelta, timezone

from airflow.sdk import DAG


def main() -> None:
    """Load the file's only DAG, run it to its end, and print what became of its tasks."""
    specification = importlib.util.spec_from_file_location("dag_file", sys.argv[1])
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["dag_file"] = module
    specification.loader.exec_module(module)
    [dag] = [value for value in vars(module).values() if isinstance(value, DAG)]
    for task in dag.tasks:
        task.retry_delay = timedelta(seconds=1)
        if len(sys.argv) > 2:
            task.retries = 0
            task.execution_timeout = timedelta(seconds=float(sys.argv[2]))
    run = dag.test(logical_date=datetime(2026, 1, 1, tzinfo=timezone.utc))
    tasks = {
        each.task_id: {"state": each.state, "tries": each.try_number, "xcom": each.xcom_pull(task_ids=each.task_id)}
        for each in run.get_task_instances()
    }
    print("RESULT " + json.dumps(tasks))


if __name__ == "__main__":
    main()
