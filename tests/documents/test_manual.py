"""The manual keeps up with the program: what it lists is all there is."""

import re

import pytest

from calsync_agent import manual
from calsync_agent.health.problems.problem import Kind
from calsync_agent.i18n import LANGUAGES, Language


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_manual_says_what_to_do_about_every_kind_of_problem(language: Language) -> None:
    listed = re.findall(
        r"^- ((?:`\w+`(?:, )?)+):", manual.chapter("scripts", language), re.MULTILINE
    )
    assert set(re.findall(r"\w+", " ".join(listed))) == set(Kind)
