"""Forms of rules as somebody would send them."""

from planning.draft_kinds import DRAFT_KINDS, posted


def sent(key, row, **values):
    """What a browser sends for a row's form, but for these values."""
    form = DRAFT_KINDS[key].form(instance=row)
    data = {}
    for name in form.fields:
        value = values[name] if name in values else form[name].value()
        if value is None or value is False or value == "":
            continue
        data[name] = [str(each) for each in value] if isinstance(value, list) else [str(value)]
    return data


def typed(key, row, **values):
    """The form of a stored row (None: of a new one) with these values in the place of its own."""
    return DRAFT_KINDS[key].form(posted(sent(key, row, **values)), instance=row)
