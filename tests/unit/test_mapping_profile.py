"""Profiles: the bundled one, and what a person is told about their own."""

from __future__ import annotations

import pytest

from cjm_sync.errors import ConfigError
from cjm_sync_mappings import plugin
from cjm_sync_mappings.lines import line_of
from crm_records import cell, contact, deal, facts_of, journey_of, stays_of

EVERYONE_AGAIN = """
[[personas.rules]]
key = "everyone"
label = "E"
any = [{ object = "contact", property = "country", operator = "known" }]
"""


def refusal(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        plugin.validate(text, name="mine.toml")
    return caught.value


def test_the_bundled_profile_is_usable() -> None:
    text = plugin.profile_text("crm")

    assert text is not None
    plugin.validate(text, name="crm")


@pytest.mark.parametrize("name", ["nothing", "../crm", "profiles/crm", "crm.toml"])
def test_no_other_name_is_bundled(name: str) -> None:
    assert plugin.profile_text(name) is None


def test_broken_toml_is_named_with_its_line() -> None:
    error = refusal('extends = "crm"\nthis is not toml\n')

    assert "mine.toml" in str(error)
    assert "line 2" in str(error)


def test_an_unknown_key_is_named_with_line_and_nearest_name() -> None:
    error = refusal('extends = "crm"\n\n[thresholds]\nwindow_day = 30\n')

    assert str(error) == "profile mine.toml, line 4: `thresholds.window_day` is not a known key"
    assert error.hint == "Did you mean `window_days`?"


def test_an_unknown_table_is_named() -> None:
    error = refusal('extends = "crm"\n[treshholds]\nwindow_days = 30\n')

    assert "line 2: `treshholds`" in str(error)
    assert error.hint == "Did you mean `thresholds`?"


def test_an_unknown_key_within_a_list_is_found_at_its_line() -> None:
    error = refusal(
        'extends = "crm"\n[[personas.rules]]\nkey = "small"\nlabel = "Small"\n'
        'any = [\n  { object = "company", property = "numberofemployees", '
        'operator = "at_most", value = ["10"] },\n]\n'
    )

    assert "line 6: `personas.rules.0.any.0.value`" in str(error)
    assert error.hint == "Did you mean `values`?"


def test_a_wrong_value_is_named_with_line() -> None:
    error = refusal('extends = "crm"\n[thresholds]\ndormant_days = -1\n')

    assert "line 3: `thresholds.dormant_days` should be greater than 0" in str(error)
    assert error.hint


def test_a_missing_key_points_to_the_bundled_profile() -> None:
    error = refusal('[[stages]]\nkey = "a"\nlabel = "A"\n[[stages]]\nkey = "b"\nlabel = "B"\n')

    assert "is missing" in str(error)
    assert error.hint is not None
    assert 'extends = "crm"' in error.hint


def test_a_stage_that_is_not_there_is_named_with_the_nearest() -> None:
    error = refusal('extends = "crm"\n[lifecycle.entries]\n"17" = "consideratoin"\n')

    assert "line 3: `lifecycle.entries.17` names no stage" in str(error)
    assert error.hint == "Did you mean `consideration`?"


@pytest.mark.parametrize(
    "text",
    [
        '[deals]\nchurn_pipelines = "("\n',
        '[[lifecycle.keywords]]\npattern = "["\nto = "lost"\n',
        '[surveys.by_survey]\n"5" = [5, 1]\n',
        '[[mixes]]\nname = "x"\nproperties = ["deals.amount"]\n',
        '[deals]\nwon = "loyalty"\nwon_again = "service"\n',
        EVERYONE_AGAIN,
        '[[stages]]\nkey = "a"\nlabel = "A"\n[[stages]]\nkey = "a"\nlabel = "A"\n',
    ],
)
def test_contradictions_are_refused_with_a_remedy(text: str) -> None:
    error = refusal('extends = "crm"\n' + text)

    assert "line " in str(error)
    assert error.hint


def test_only_bundled_profiles_are_extended() -> None:
    assert "extends" in str(refusal('extends = "/etc/passwd"\n'))


def test_lines_are_found_in_tables_lists_and_inline_tables() -> None:
    text = (
        '[a]\nx = 1\n\n[[b]]\nk = 1\n[[b]]\nk = 2\n[b.c]\n"q r" = 3\n[d]\nm = { n = 1,\n  o = 2 }\n'
    )

    assert line_of(text, ("a", "x")) == 2
    assert line_of(text, ("b", 1, "k")) == 7
    assert line_of(text, ("b", 1, "c", "q r")) == 9
    assert line_of(text, ("d", "m", "o")) == 12
    assert line_of(text, ("d", "missing")) == 10
    assert line_of(text, ("nowhere",)) == 1


def test_a_profile_changes_the_window_and_the_rules_without_code() -> None:
    young = contact("1", created=40)

    assert cell(journey_of(young), "awareness").entered == 1
    shorter = "thresholds.window_days = 30"
    assert cell(journey_of(young, profile=shorter), "awareness").entered == 0
    assert stays_of(contact(), deal(("mid", 50)), profile="deals.high_from = 0.3")[-1][0] == (
        "purchase"
    )


def test_stages_of_ones_own_replace_the_bundled_ones() -> None:
    own = """
stages = [{ key = "before", label = "Before" }, { key = "after", label = "After" }]
lifecycle.keywords = []
deals = { open_low = "before", open_high = "before", won = "after", won_again = "after" }
rules = { meeting = "before", quote = "before", nps = "after" }
[lifecycle.defaults]
subscriber = "before"
lead = "before"
marketingqualifiedlead = "before"
salesqualifiedlead = "before"
opportunity = "before"
customer = "after"
evangelist = "after"
"""
    facts = facts_of(contact("1", ("customer", 50)), profile=own)

    assert [stage.key for stage in facts.stages] == ["before", "after"]
    assert stays_of(contact("1", ("customer", 50)), profile=own)[-1] == ("after", 50, None, "")
