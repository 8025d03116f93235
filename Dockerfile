# Territory as it is served: web, worker, beat, migrations and backups are this one image with different commands. The proxy is Caddy's
# own image, as a user without rights: a new volume for its certificates takes the owner over from the folder in the image.

FROM caddy:2.11.4-alpine AS proxy
RUN chown -R 10001:10001 /data /config
USER 10001:10001

FROM python:3.11.15-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.lock ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY . .
# In a profile that needs no secret; the key that it makes for itself stays behind in this stage.
RUN DATA_DIR=/tmp/data STATIC_ROOT=/app/collected /venv/bin/python manage.py collectstatic --no-input \
    && /venv/bin/python -m compileall -q accounts customers planning territory

FROM python:3.11.15-slim
RUN groupadd --gid 10001 territory \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin territory \
    && install -d -o territory -g territory -m 0700 /data /backups
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    PROFILE=production DATA_DIR=/data STATIC_ROOT=/app/collected
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=6s --start-period=60s --retries=3 CMD ["python", "deploy/healthy", "web"]
CMD ["gunicorn", "territory.wsgi", "--worker-class", "gthread", "--workers", "4", "--threads", "4", "--bind", "0.0.0.0:8000", "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
