import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0007_history_of_teams'),
        ('planning', '0017_cost_of_sales'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField('situation', 'subject', models.CharField(max_length=100, default='')),
        migrations.AddField('situation', 'found_at', models.DateTimeField(null=True)),
        migrations.AddField('planningsettings', 'situations', models.JSONField(blank=True, default=dict, verbose_name='special situations')),
        migrations.AddField('historicalplanningsettings', 'situations', models.JSONField(blank=True, default=dict, verbose_name='special situations')),
    ]
