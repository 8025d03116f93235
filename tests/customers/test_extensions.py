"""What a room above registers: once a key, in order of position, hidden from who may not see it."""

import pytest

from customers.extensions import Column, Registry


def column(key: str, **fields) -> Column:
    return Column(key=key, label=key, values=dict, **fields)


def test_items_stand_in_order_of_position():
    registry = Registry()
    registry.add(column("late", position=20))
    registry.add(column("early", position=10))
    assert [item.key for item in registry] == ["early", "late"]


def test_the_same_item_twice_changes_nothing_and_another_of_its_key_is_a_mistake():
    registry, item = Registry(), column("one")
    registry.add(item)
    registry.add(item)
    with pytest.raises(ValueError, match="registered already"):
        registry.add(column("one", position=1))
    assert list(registry) == [item]


def test_what_is_not_visible_does_not_exist_for_the_reader():
    registry = Registry()
    registry.add(column("hidden", visible=lambda user: user == "boss"))
    assert registry.visible_to("rep") == []
    assert [item.key for item in registry.visible_to("boss")] == ["hidden"]
