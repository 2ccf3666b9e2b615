"""The sample file is what the model says, and can be used as it is."""

import tomllib
from pathlib import Path

from calsync_agent.config.reading import read
from calsync_agent.config.sample import render
from calsync_agent.config.settings import AgentFile

STORED = Path(__file__).parents[2] / "packaging" / "agent.toml.sample"


def test_the_stored_sample_is_up_to_date() -> None:
    made = "python -m calsync_agent.config.sample > packaging/agent.toml.sample"
    assert STORED.read_text(encoding="utf-8") == render(), f"run {made}"


def test_the_sample_shows_every_key_with_a_text_above_it() -> None:
    sections = tomllib.loads(render())
    lines = render().splitlines()
    for name, section in AgentFile.model_fields.items():
        fields = getattr(section.annotation, "model_fields", {})
        assert set(sections[name]) == {field.alias or key for key, field in fields.items()}
    keys = [number for number, line in enumerate(lines) if " = " in line and line[0] != "#"]
    assert all(lines[number - 1].startswith("# ") for number in keys)
    assert max(map(len, lines)) <= 100


def test_the_sample_can_be_used_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text(render(), encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    settings = read(tmp_path / "agent.toml")
    assert settings.sync.past_months == 3
    assert settings.log.file is None
