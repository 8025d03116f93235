from django.db import migrations

from territory.trigrams import trigram_index


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]
    operations = [
        trigram_index("customers_customer"),
        trigram_index("customers_contact"),
        trigram_index("customers_order"),
    ]
