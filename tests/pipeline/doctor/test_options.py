from __future__ import annotations

import pytest

from pipeline.doctor.options import DOCTOR, DoctorOptions
from pipeline.options.table import options_of
from transforms.errors import UsageError


def test_options_mean_the_same_as_in_a_run() -> None:
    options = DOCTOR.parse(["--hosts=gpu0", "--num-ctx=2048"], {"TRANSLATE_MODEL": "qwen3:8b"})
    assert (options.hosts[0].url, options.num_ctx, options.model) == ("http://gpu0:11434", 2048, "qwen3:8b")
    assert options.request_timeout == 60.0
    help_text = DOCTOR.help()
    assert all(f"--{name}" in help_text for name in options_of(DoctorOptions))
    for wrong, word in (
        (["--modle=x"], "--model"),
        (["--model=x:cloud"], "cloud"),
        (["--hosts=gpu0", f"--hosts_file={__file__}"], "cannot be combined"),
    ):
        with pytest.raises(UsageError, match=word):
            DOCTOR.parse(wrong, {})
