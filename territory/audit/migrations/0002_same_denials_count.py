from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_what_was_denied")]

    operations = [
        migrations.AddField(
            model_name="denial",
            name="times",
            field=models.PositiveIntegerField(default=1, verbose_name="times"),
        ),
        migrations.AddField(
            model_name="denial",
            name="last_at",
            field=models.DateTimeField(help_text="Empty: it was once.", null=True, verbose_name="last"),
        ),
    ]
