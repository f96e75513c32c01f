"""Where readers take commands."""

from inventory.domain.commands import Rest, Topics, control_of


def test_where_each_dialect_takes_commands() -> None:
    assert control_of("native", "guiwei/W1/S1/reads", None) == Topics("guiwei/W1/S1/commands", "guiwei/W1/S1/answers")
    assert control_of("native", "s1", "mqtt:x/in?answers=x/out") == Topics("x/in", "x/out")
    assert control_of("zebra", "tevents/FX", None) is None
    assert control_of("impinj", "r7", "https://10.0.0.7:8443") == Rest("https://10.0.0.7:8443/api/v1")
    assert control_of("impinj", "r7", "https://10.0.0.7/reader/7/api/v1/") == Rest("https://10.0.0.7/reader/7/api/v1")
    assert control_of("keonn", "k", "https://10.0.0.7") is None
