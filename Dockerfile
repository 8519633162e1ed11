# The production image: locked packages, the code, collected static files; no embedded services, no tests.
FROM python:3.11-slim-bookworm AS packages
COPY requirements/s3.txt /tmp/requirements.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps -r /tmp/requirements.txt

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/marketplace marketplace
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    MARKETPLACE_VAR=/var/lib/marketplace STORAGE_URL=/var/lib/marketplace/files TMPDIR=/var/lib/marketplace/tmp
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv/marketplace
COPY . .
# Values that only let the settings load while the static files are collected; none of them stays in the image.
RUN TMPDIR=/tmp SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(50))')" DATABASE_URL=postgres://build/none PUBLIC_URL=http://localhost \
    python manage.py collectstatic --noinput --verbosity 0 \
    # What starts in the sandbox for every version must not be compiled each time; at run time nothing can be written here.
    && python -m compileall -q marketplace catalog governance \
    && mkdir -p /var/lib/marketplace/files /var/lib/marketplace/tmp /run/scanner \
    && chown -R marketplace: /var/lib/marketplace /run/scanner
USER marketplace
VOLUME /var/lib/marketplace
EXPOSE 8000
CMD ["gunicorn", "marketplace.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "4", "--threads", "8", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "--graceful-timeout", "30", "--access-logfile", "-"]
