# syntax=docker/dockerfile:1
# One image for every process: `sotay migrate`, `sotay api`, `sotay worker` (the command chooses).
FROM python:3.13-slim AS build
RUN pip install --no-cache-dir uv
WORKDIR /srv/sotay
ENV UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1
# "--extra telemetry" for traces, "--extra demo" for pg_dump and pg_restore.
ARG EXTRAS=""
# The dependencies change seldom, the code often: two layers.
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --frozen --no-dev --no-install-project $EXTRAS
COPY alembic.ini ./
COPY migrations migrations
COPY app app
RUN uv sync --frozen --no-dev $EXTRAS
# What the image consists of stands in it: sbom/sotay.cdx.json and sbom/licences.md.
COPY scripts/lib.sh scripts/sbom scripts/licences.py scripts/
RUN scripts/sbom sbom

FROM python:3.13-slim
# Pango, which WeasyPrint typesets minutes, resolutions and reports with; the letters come with the package.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /srv/sotay --shell /usr/sbin/nologin sotay \
 && install -d -o sotay -g sotay -m 0700 /var/lib/sotay
# Same path as where it was built: the environment's programs name it, and the project is installed in place.
COPY --from=build /srv/sotay /srv/sotay
WORKDIR /srv/sotay
ENV PATH=/srv/sotay/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 SOTAY_DATA_DIR=/var/lib/sotay
USER sotay
VOLUME /var/lib/sotay
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["sotay", "api", "--host", "0.0.0.0", "--port", "8000"]
