from django.db import migrations

from territory.trigrams import trigram_index


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [trigram_index("accounts_user")]
